using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;

namespace JustRunIt.Console.Demo;

/// <summary>One line for each message that people want to hear of.</summary>
internal static class DemoNarrator
{
    /// <summary>The line; null for what is not worth one.</summary>
    public static string? Tell(object message) => message switch
    {
        SlaViolated e => $"{e.Service}: SLA violated, {Ms(e.Mean)} over the last window, agreed {Ms(e.Agreed)}",
        SlaRestored e => $"{e.Service}: SLA met again, {Ms(e.Mean)}, agreed {Ms(e.Agreed)}",
        ExplorationStarted e => $"{e.Service}: exploration of {string.Join(", ", e.Settings.Tiers)} begins, {e.Settings.Experiments} experiments",
        CloneRequested e => $"cloning {e.Vm} to {e.Sandbox.Machine}",
        CloneReady e => $"clone ready after {e.CloneTime.TotalSeconds:0.0} s ({DemoResult.Short(e)})",
        CloneFailed e => $"cloning failed: {e.Reason}",
        ExperimentStarted e => $"experiment at {e.Cpu} begins{(e.Purpose == ExperimentPurpose.Validate ? " (validation)" : "")}",
        ExperimentCompleted e => $"experiment at {e.Cpu}: clone {DemoResult.Short(e.Sandbox)}; on-line {DemoResult.Short(e.Online)}; {e.Sandbox.Requests} requests",
        ExperimentFailed e => $"experiment failed: {e.Reason}",
        CellInterpolated e => $"interpolated at {e.Cpu}: {Ms(e.Mean)}",
        AllocationDecided e => e.Attainable
            ? $"{e.Service}: minimum {e.Minimum}, with slack {e.Allocated}"
            : $"{e.Service}: no allocation tried keeps the agreement; the largest, {e.Allocated}, is taken",
        PlacementDecided e => e.Feasible
            ? $"placement: {e.MachinesBefore} machines → {e.MachinesAfter} (lower bound {e.LowerBound}), {e.Migrations} migrations"
            : $"placement not possible: {e.Problem}",
        MigrationCompleted e => $"{e.Vm} moved to {e.To} in {Ms(e.Took)}",
        MigrationFailed e => $"migration of {e.Vm} failed: {e.Reason}",
        AllocationApplied e => $"{e.Vm} has {e.Cpu}",
        AllocationFailed e => $"allocation of {e.Vm} failed: {e.Reason}",
        PlacementApplied => "the placement is in force",
        InterpolationConfirmed e => $"validation confirms the interpolated value: {Ms(e.Measured)} measured, {Ms(e.Interpolated)} interpolated",
        MismatchDetected e => $"validation disagrees: {Ms(e.Measured)} measured, {Ms(e.Interpolated)} interpolated",
        ExplorationCompleted e => $"{e.Service}: exploration ends: {e.Reason}",
        VmExited e => $"{e.Vm} ended: {e.Reason}",
        _ => null,
    };

    /// <summary>The line for a load that has grown.</summary>
    public static string Tell(string service, double factor) => $"{service} gets {factor} × its load";

    private static string Ms(TimeSpan time) => $"{time.TotalMilliseconds:0} ms";
}
