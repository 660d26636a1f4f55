using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>
/// Frees virtual machines of all caps while they stand still to be copied, so that the copy is held up neither by their own nor by
/// their machine's: what else runs there keeps to its own cap, so it gets no more meanwhile. Several of one machine may be freed at once.
/// </summary>
internal sealed class CapLift(HostParts parts)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> freed = [];

    /// <summary>Frees one; it has the cap of that moment again, and its machine its own, when the result is disposed.</summary>
    /// <param name="vm">Which.</param>
    /// <param name="cap">Its cap, asked at the end: it may have been changed meanwhile.</param>
    /// <exception cref="HypervisorException">It cannot be freed.</exception>
    public IDisposable Free(RunningVm vm, Func<CpuShare> cap)
    {
        var all = new CpuShare(Environment.ProcessorCount);
        lock (gate)
        {
            freed[vm.Machine] = freed.GetValueOrDefault(vm.Machine) + 1;
            var end = new End(() => Restore(vm, cap));
            try
            {
                // The machine first: a group may not have more than the one above it.
                Set(GroupPath.Of(vm.Machine), all);
                Set(GroupPath.Of(vm.Machine, vm.Name), all);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                end.Dispose();
                throw new HypervisorException(e.Message);
            }

            return end;
        }
    }

    private void Restore(RunningVm vm, Func<CpuShare> cap)
    {
        lock (gate)
        {
            Try(() => Set(GroupPath.Of(vm.Machine, vm.Name), parts.Settings.Real(cap())));
            if (--freed[vm.Machine] == 0)
                Try(() => Set(GroupPath.Of(vm.Machine), parts.Settings.Real(parts.Settings.Machine(vm.Machine).Cpu)));
        }
    }

    private void Set(GroupPath group, CpuShare real) => parts.Groups.SetCpu(group, real, parts.Settings.QuotaPeriod);

    private static void Try(Action set)
    {
        try
        {
            set();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, and its group with it.
        }
    }

    private sealed class End(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}
