using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for a matrix' experiments; null for other events.</summary>
internal static class ExperimentSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        MatrixOpened e => $"a matrix of {e.Service}/{e.Tier} is opened to {ExplorationSentences.Goal(e.Goal)}, for {e.Agreement}: "
            + $"{string.Join(" × ", e.Dimensions.Select(Of))}; {e.Vm} has {e.Online}, and is tried on {e.Sandbox.Machine}, "
            + Say($"at most {e.Experiments} experiments until {At(e.Deadline)}"),
        SandboxAwaited e => $"sandbox {e.Machine} is held by {e.HeldBy}; it is asked for again at {At(e.RetryAt)}",
        CloneRequested e => $"{e.Sandbox.Agent} is asked to clone {e.Vm} to {e.Sandbox.Machine} as {e.CloneName}",
        CloneReady e => $"clone {e.CloneName} answers at {e.Endpoint}, {(e.Cold ? "started cold" : "cloned live")} by {e.Hypervisor} in "
            + Say($"{e.CloneTime.TotalMilliseconds:0} ms; the original stood still for {e.Pause.TotalMilliseconds:0} ms"),
        CloneFailed e => $"clone {e.CloneName} is given up: {e.Reason}",
        ExperimentStarted e => $"cell {e.Cell} is to be {Purpose(e.Purpose)}: {e.CloneName} is to have {e.Allocation}",
        SandboxAllocated e => $"the clone has {e.Allocation}; the traffic of {e.Tier} is duplicated to {e.Endpoint}",
        ExperimentCompleted e => $"cell {e.Cell} ({e.Allocation}) is {Purpose(e.Purpose)}: {Side(e.Sandbox)} in the sandbox, "
            + $"{Side(e.Online)} on-line",
        ExperimentFailed e => $"cell {e.Cell} could not be {Purpose(e.Purpose)}: {e.Reason}",
        CauseOutside e => $"the cause lies outside of {e.Tier}: {e.Reason}",
        CellsPruned e => $"{e.Heuristic} cancels {List(e.Cells.Select(cell => $"{cell}"))}: the last step gained "
            + Say($"{e.Gain * 100:0.#} %, less than {e.Threshold * 100:0.#} %"),
        ExperimentsEnded e => $"the {(e.Purpose == ExperimentPurpose.Validate ? "validations" : "experiments")} end: {e.Reason}",
        _ => null,
    };

    private static string Of(Dimension dimension) =>
        $"{ResourceNames.Describe(dimension.Resource, dimension.Minimum)} to "
        + $"{ResourceNames.Describe(dimension.Resource, dimension.Maximum)} in {Say($"{dimension.Points} points")}";

    private static string Purpose(ExperimentPurpose purpose) => purpose == ExperimentPurpose.Validate ? "validated" : "measured";

    private static string Side(SideMeasured side) =>
        $"{side.Metrics} of {Say($"{side.Requests} requests")}{(side.Errors > 0 ? Say($" with {side.Errors} errors") : "")}";
}
