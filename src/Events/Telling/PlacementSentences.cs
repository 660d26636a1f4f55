using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for what is decided, and how it is carried out; null for other events.</summary>
internal static class PlacementSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        AllocationDecided e => $"{e.Service}/{e.Tier} gets {e.Allocated}: the least that keeps {e.Agreement} is {e.Minimum}, and "
            + Say($"{e.Slack * 100:0.#} % slack")
            + (e.Attainable ? "" : "; no cell keeps the agreement")
            + $"; {e.Reason}"
            + (e.RestsOn.Count == 0 ? "" : $"; rests on the interpolated {List(e.RestsOn.Select(cell => $"{cell}"))}"),
        AllocationNotDecided e => $"nothing is decided for {e.Service}/{e.Tier}: {e.Detail}",
        PlacementDecided { Feasible: false } e => $"there is no placement: {e.Problem}",
        PlacementDecided e => $"a placement is decided: "
            + Say($"{e.MachinesBefore} machines before, {e.MachinesAfter} after, at least {e.LowerBound} needed; ")
            + Say($"{e.Migrations} moves in {e.Steps.Count} steps"),
        PlacementDeferred e => $"matrix {e.MatrixId:N} waits for the placement that is being carried out, until {At(e.RetryAt)}",
        PlacementApplied e => $"the placement for {e.Service} is carried out",
        MigrationStarted e => $"step {Say($"{e.Step + 1}")}: {e.Vm} is to move from {e.From} to {e.To}",
        MigrationCompleted e => Say($"step {e.Step + 1}: {e.Vm} runs on {e.To}; the move took {e.Took.TotalSeconds:0.0} s"),
        MigrationFailed e => $"step {Say($"{e.Step + 1}")}: {e.Vm} could not move, and the rest is given up: {e.Reason}",
        AllocationStarted e => $"step {Say($"{e.Step + 1}")}: {e.Vm} is to have {e.Allocation}",
        AllocationApplied e => $"step {Say($"{e.Step + 1}")}: {e.Vm} has {e.Allocation}",
        AllocationFailed e => $"step {Say($"{e.Step + 1}")}: {e.Vm} could not have it, and the rest is given up: {e.Reason}",
        _ => null,
    };
}
