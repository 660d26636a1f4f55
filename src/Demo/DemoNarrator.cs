using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;

namespace JustRunIt.Demo;

/// <summary>One line for each message that people want to hear of.</summary>
internal static class DemoNarrator
{
    /// <summary>The line; null for what is not worth one.</summary>
    public static string? Tell(object message) => message switch
    {
        SlaViolated e => $"{e.Service}: SLA violated, {Show(e.Agreement, e.Value)} over the last window, agreed {Bound(e.Agreement)}",
        SlaRestored e => $"{e.Service}: SLA met again, {Show(e.Agreement, e.Value)}, agreed {Bound(e.Agreement)}",
        ExplorationStarted e =>
            $"{e.Service}: exploration of {string.Join(", ", e.Settings.Tiers)} begins, {e.Settings.Experiments} experiments",
        CloneRequested e => $"cloning {e.Vm} to {e.Sandbox.Machine}",
        CloneReady e => $"clone ready after {e.CloneTime.TotalSeconds:0.0} s ({DemoReader.Clone(e).How})",
        CloneFailed e => $"cloning failed: {e.Reason}",
        ExperimentStarted e => $"experiment at {e.Allocation.Cpu} begins{(e.Purpose == ExperimentPurpose.Validate ? " (validation)" : "")}",
        ExperimentCompleted e =>
            $"experiment at {e.Allocation.Cpu}: clone {Short(e.Sandbox)}; on-line {Short(e.Online)}; {e.Sandbox.Requests} requests",
        ExperimentFailed e => $"experiment failed: {e.Reason}",
        CellInterpolated e => $"interpolated at {e.Allocation}: {Ms(e.Metrics.Mean)}",
        AllocationDecided e => e.Attainable
            ? $"{e.Service}: minimum {e.Minimum}, with slack {e.Allocated}"
            : $"{e.Service}: {e.Reason}; it gets {e.Allocated}",
        AllocationNotDecided e => $"{e.Service}: nothing is decided: {e.Detail}",
        CauseOutside e => $"{e.Service}: {e.Reason}",
        PlacementDecided e => e.Feasible
            ? $"placement: {e.MachinesBefore} machines → {e.MachinesAfter} (lower bound {e.LowerBound}), {e.Migrations} migrations"
            : $"placement not possible: {e.Problem}",
        MigrationCompleted e => $"{e.Vm} moved to {e.To} in {Ms(e.Took)}",
        MigrationFailed e => $"migration of {e.Vm} failed: {e.Reason}",
        AllocationApplied e => $"{e.Vm} has {e.Allocation}",
        AllocationFailed e => $"allocation of {e.Vm} failed: {e.Reason}",
        PlacementApplied => "the placement is in force",
        InterpolationConfirmed e =>
            $"validation confirms the interpolated value: {Ms(e.Measured)} measured, {Ms(e.Interpolated)} interpolated",
        MismatchDetected e => $"validation disagrees: {Ms(e.Measured)} measured, {Ms(e.Interpolated)} interpolated",
        ExplorationCompleted e => $"{e.Service}: exploration ends: {e.Reason}",
        VmExited e => $"{e.Vm} ended: {e.Reason}",
        _ => null,
    };

    /// <summary>The line for a load that has grown.</summary>
    public static string Tell(string service, double factor) => $"{service} gets {factor} × its load";

    /// <summary>An experiment that begins: what it is called, and how long it should take; null for other messages.</summary>
    public static (string Name, TimeSpan Length)? Beginning(object message) => message is ExperimentStarted e
        ? ($"experiment at {e.Allocation.Cpu}", e.Durations.WarmUp + e.Durations.Measure + e.Durations.TimeShift)
        : null;

    /// <summary>Whether a message is the end of an experiment.</summary>
    public static bool IsEnding(object message) => message is ExperimentCompleted or ExperimentFailed or ExperimentsEnded;

    private static string Short(SideMeasured side) =>
        $"{side.Metrics[MetricNames.ThroughputPerSecond]?.Value:0.0}/s, {Ms(side.Metrics.Mean)}";

    private static string Bound(Agreement agreement) => Show(agreement, agreement.Bound);

    private static string Show(Agreement agreement, double value) =>
        agreement.Metric == MetricNames.MeanMs ? Ms(value) : MetricNames.Describe(agreement.Metric, value);

    private static string Ms(TimeSpan time) => Ms(time.TotalMilliseconds);

    private static string Ms(double milliseconds) => $"{milliseconds:0} ms";
}
