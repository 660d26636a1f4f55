using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Power;

/// <summary>Shares a machine's power above its base among what runs there, by CPU use (§3.2).</summary>
internal static class DynamicPower
{
    /// <summary>The shares; their sum is the power above the base, never less than nothing. Equal shares when no CPU was used.</summary>
    /// <param name="machine">Power of the machine.</param>
    /// <param name="idle">Its base; null while unknown, and then there are no shares.</param>
    /// <param name="used">CPU use of each virtual machine, in the machine's cores.</param>
    public static IReadOnlyList<VmPower> Share(Watts machine, Watts? idle, IReadOnlyList<(string Vm, CpuShare Used)> used)
    {
        var total = used.Sum(vm => vm.Used.Cores);
        return
        [
            .. used.Select(vm => new VmPower(
                vm.Vm,
                vm.Used,
                idle is { } @base
                    ? new Watts(Math.Max(0, machine.Value - @base.Value) * (total > 0 ? vm.Used.Cores / total : 1.0 / used.Count))
                    : null)),
        ];
    }
}
