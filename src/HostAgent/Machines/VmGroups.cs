using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Processes;

namespace JustRunIt.HostAgent.Machines;

/// <summary>The control groups of what runs: made, filled with processes, capped, ended.</summary>
internal sealed class VmGroups(HostParts parts, CapWriter caps)
{
    private const int RemovalAttempts = 5;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>For what was asked to end; then it is killed.</summary>
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    /// <summary>For what was killed: a process that waits for a dead disk never goes.</summary>
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim oneStructuralChange = new(1);

    /// <summary>Group of a virtual machine.</summary>
    public static GroupPath Of(RunningVm vm) => GroupPath.Of(vm.Machine, vm.Name);

    /// <summary>Files to which a process writes its pid to enter the group of one.</summary>
    public IReadOnlyList<string> EntryFiles(RunningVm vm) => parts.Groups.EntryFiles(Of(vm));

    /// <summary>Processes of one.</summary>
    public IReadOnlyList<int> Processes(RunningVm vm) => parts.Groups.Processes(Of(vm));

    /// <summary>Holds off every other making and moving of groups until the result is disposed.</summary>
    public async Task<IDisposable> ChangeAsync(CancellationToken cancellation)
    {
        await oneStructuralChange.WaitAsync(cancellation);
        return new Changed(oneStructuralChange);
    }

    /// <summary>Makes the group of one.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public void Create(RunningVm vm, CpuShare cap, MemorySize memory)
    {
        parts.Groups.Create(Of(vm));
        caps.Set(Of(vm), cap);
        parts.Groups.SetMemory(Of(vm), memory);
    }

    /// <summary>Caps one.</summary>
    /// <exception cref="HostException">It cannot be capped.</exception>
    public void Cap(RunningVm vm, CpuShare cpu)
    {
        try
        {
            caps.Set(Of(vm), cpu);
        }
        catch (Exception e) when (HostException.IsOfTheSystem(e))
        {
            throw HostException.Of(e);
        }
    }

    /// <summary>Limits the memory of one's processes; returns the limit as read back.</summary>
    /// <exception cref="IOException">They use more already.</exception>
    public MemorySize LimitMemory(RunningVm vm, MemorySize limit)
    {
        parts.Groups.SetMemory(Of(vm), limit);
        return parts.Groups.ReadMemory(Of(vm)) ?? limit;
    }

    /// <summary>The cap that is in force.</summary>
    /// <exception cref="HostException">None is.</exception>
    public CpuShare CapOf(RunningVm vm) => parts.Groups.ReadCpu(Of(vm)) is { } cap
        ? new CpuShare(cap.Cores / parts.Settings.CoreSize)
        : throw new HostException($"the cap of {vm.Name} is not in force");

    /// <summary>
    /// Makes the group of <paramref name="vm"/> with all of its machine, and runs <paramref name="fill"/>, which starts a process in
    /// it and returns its id. The group goes when that fails.
    /// </summary>
    /// <exception cref="HostException">It fails.</exception>
    public async Task<RunningVm> FillAsync(
        RunningVm vm, MemorySize memory, Func<IReadOnlyList<string>, Task<int>> fill, CancellationToken cancellation)
    {
        try
        {
            using (await ChangeAsync(cancellation))
                Create(vm, parts.Settings.Machine(vm.Machine).Cpu, memory);
            // Side by side with others: a container's start takes seconds on a machine with little CPU.
            var process = await fill(EntryFiles(vm));
            return vm with { ProcessId = process, ProcessStart = ProcessTable.StartOf(process) ?? 0 };
        }
        catch (Exception e) when (e is HostException || HostException.IsOfTheSystem(e))
        {
            await EndAsync(Of(vm));
            throw HostException.Of(e);
        }
    }

    /// <summary>Ends the processes of a group, and removes it. One that is gone is no error.</summary>
    /// <exception cref="HostException">They cannot be ended.</exception>
    public async Task EndAsync(GroupPath group)
    {
        ProcessTable.AskToEnd(parts.Groups.Processes(group));
        var begin = parts.Clock.GetUtcNow();
        for (var attempt = 1; ; attempt++)
        {
            while (parts.Groups.Processes(group) is { Count: > 0 } left)
            {
                var waited = parts.Clock.GetUtcNow() - begin;
                if (waited >= EndPatience)
                    ProcessTable.End(left);
                if (waited >= EndPatience + KillPatience)
                    throw new HostException($"{group.Machine}/{group.Vm}: processes {string.Join(", ", left)} do not end, killed or not");
                await Task.Delay(Interval);
            }

            try
            {
                parts.Groups.Remove(group);
                return;
            }
            catch (IOException) when (attempt < RemovalAttempts)
            {
                // A process that was being started when its agent was killed has come in since: it ends too.
            }
            catch (Exception e) when (HostException.IsOfTheSystem(e))
            {
                throw HostException.Of(e);
            }
        }
    }

    private sealed class Changed(SemaphoreSlim change) : IDisposable
    {
        public void Dispose() => change.Release();
    }
}
