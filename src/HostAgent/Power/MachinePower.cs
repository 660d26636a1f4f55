using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;

namespace JustRunIt.HostAgent.Power;

/// <summary>One machine's power, interval by interval: the meter's reading, the base, and each virtual machine's share.</summary>
internal sealed class MachinePower(
    AgentSettings settings, MachineSettings machine, IPowerMeter meter, IControlGroups groups, BasePowerFile bases, TimeProvider clock)
{
    private Look? before;

    /// <summary>Reads the meter.</summary>
    /// <param name="running">Names of what runs on the machine now, clones included.</param>
    /// <param name="cancellation">Ends the wait for the meter.</param>
    /// <returns>The interval since the last reading; null for the first.</returns>
    /// <exception cref="PowerMeterException">The meter cannot be read.</exception>
    public async Task<PowerMeasured?> MeasureAsync(IReadOnlyCollection<string> running, CancellationToken cancellation)
    {
        var from = before;
        before = null;
        var power = await meter.ReadAsync(cancellation);
        var now = new Look(clock.GetUtcNow(), clock.GetTimestamp(), running.ToDictionary(vm => vm, CpuTimeOf));
        before = now;
        if (from is null || power is not { } watts || clock.GetElapsedTime(from.Timestamp, now.Timestamp) is not { Ticks: > 0 } elapsed)
            return null;
        if (machine.Base is null)
            bases.Put(machine.Name, BasePower.After(bases.Of(machine.Name), watts, idle: from.Vms.Count == 0 && now.Vms.Count == 0));
        var idle = machine.Base ?? bases.Of(machine.Name)?.Watts;
        List<(string, CpuShare)> used =
        [
            .. now.Vms.Where(vm => vm.Value is not null).Select(vm => (
                vm.Key,
                new CpuShare(Math.Max(
                    0, (vm.Value!.Value - (from.Vms.GetValueOrDefault(vm.Key) ?? vm.Value.Value)) / elapsed / settings.CoreSize)))),
        ];
        return new PowerMeasured(
            settings.DataCenter,
            settings.Agent,
            machine.Name,
            from.At,
            now.At,
            watts,
            idle,
            meter.Estimated,
            meter.Description,
            DynamicPower.Share(watts, idle, used));
    }

    // Its group may go while we look.
    private TimeSpan? CpuTimeOf(string vm)
    {
        try
        {
            return groups.CpuTime(GroupPath.Of(machine.Name, vm));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record Look(DateTimeOffset At, long Timestamp, IReadOnlyDictionary<string, TimeSpan?> Vms);
}
