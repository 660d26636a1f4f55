using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Machines;

/// <summary>How much one may have while its cap is lifted.</summary>
internal enum LiftTo
{
    /// <summary>All of its machine: for one that runs on meanwhile, and must not take from other machines.</summary>
    Machine,

    /// <summary>
    /// All of the host: for one that stands still, so that its copy is held up neither by its own cap nor by its machine's. What else
    /// runs there keeps to its own cap, so it gets no more meanwhile.
    /// </summary>
    Host,
}

/// <summary>Lifts the caps of virtual machines while they are copied. Several of one machine may be lifted at once.</summary>
internal sealed class CapLift(HostParts parts, CapWriter caps, RunningVms running, Troubles troubles)
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<string, int> free = [];

    /// <summary>Lifts one's; it has the cap of that moment again, and its machine its own, when the result is disposed.</summary>
    /// <exception cref="HostException">It cannot be lifted.</exception>
    public async Task<IAsyncDisposable> LiftAsync(RunningVm vm, LiftTo to)
    {
        // One of a machine that the agent's file no longer names keeps what it has.
        _ = parts.Settings.Machine(vm.Machine);
        await gate.WaitAsync();
        try
        {
            // The machine first: a group may not have more than the one above it.
            if (to == LiftTo.Host)
            {
                free[vm.Machine] = free.GetValueOrDefault(vm.Machine) + 1;
                caps.Free(GroupPath.Of(vm.Machine));
                caps.Free(VmGroups.Of(vm));
            }
            else
            {
                caps.Set(VmGroups.Of(vm), parts.Settings.Machine(vm.Machine).Cpu);
            }

            return new Lifted(() => RestoreAsync(vm, to));
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            await EndAsync(vm, to);
            throw HostException.Of(e);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task RestoreAsync(RunningVm vm, LiftTo to)
    {
        await gate.WaitAsync();
        try
        {
            await EndAsync(vm, to);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task EndAsync(RunningVm vm, LiftTo to)
    {
        // It may have been given another cap meanwhile.
        await RestoreAsync(vm.Name, VmGroups.Of(vm), running.Find(vm.Name)?.Cpu ?? vm.Cpu);
        if (to == LiftTo.Host && --free[vm.Machine] == 0)
            await RestoreAsync($"machine {vm.Machine}", GroupPath.Of(vm.Machine), parts.Settings.Machine(vm.Machine).Cpu);
    }

    private async Task RestoreAsync(string whose, GroupPath group, CpuShare cap)
    {
        try
        {
            await caps.SetAsync(group, cap);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // It has ended meanwhile, or moved, and its group with it.
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            troubles.Tell(whose, $"its cap of {cap} is not in force again after a copy: {HostException.OneLine(e)}");
        }
    }

    private sealed class Lifted(Func<Task> restore) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await restore();
    }
}
