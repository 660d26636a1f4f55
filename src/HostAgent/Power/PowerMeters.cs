using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.HostAgent.Power;

/// <summary>Opens the meter of each machine as the configuration says.</summary>
internal static class PowerMeters
{
    /// <summary>A meter a machine; empty when none is configured.</summary>
    /// <exception cref="ConfigurationException">The meter cannot be had here; one line with the reason and the remedy.</exception>
    public static IReadOnlyList<(MachineSettings Machine, IPowerMeter Meter)> Open(
        AgentSettings settings, IControlGroups groups, TimeProvider clock)
    {
        if (settings.Power is not { } power)
            return [];
        try
        {
            return power.Meter == MeterKind.Estimate
                ? [.. settings.Machines.Select(machine => (machine, (IPowerMeter)Estimator(machine, settings, groups, clock)))]
                : [(settings.Machines[0], Real(power, clock))];
        }
        catch (PowerMeterException e)
        {
            throw new ConfigurationException(
                $"power.meter: '{power.Meter.ToString().ToLowerInvariant()}' cannot serve here: {e.Message}; 'estimate' needs no meter");
        }
    }

    private static IPowerMeter Real(PowerSettings power, TimeProvider clock) => power.Meter switch
    {
        MeterKind.Rapl => RaplMeter.Open(power.PowercapFolder, clock),
        MeterKind.Ipmi => DcmiMeter.Open(power.Ipmi),
        _ => new RedfishMeter(power.Redfish!),
    };

    private static UtilizationEstimator Estimator(
        MachineSettings machine, AgentSettings settings, IControlGroups groups, TimeProvider clock) => new(
        machine.Base!.Value,
        machine.Dynamic!.Value,
        settings.Simulated
            ? Utilization.OfGroup(() => groups.CpuTime(GroupPath.Of(machine.Name)), settings.Real(machine.Cpu), clock)
            : Utilization.OfHost(() => File.ReadAllText("/proc/stat")));
}
