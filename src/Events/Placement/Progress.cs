using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Placement;

/// <summary>Carries a placement out on-line, one step after another.</summary>
internal static class Progress
{
    /// <summary>The next step of the placement in progress, or its end; nothing when none is in progress.</summary>
    public static IEnumerable<IDomainEvent> NextStep(PlacementState state, string dataCenter, PlacingPolicy policy, DateTimeOffset at)
    {
        if (state.InProgress is not { } placement)
            return [];
        var index = state.StepsDone;
        if (index >= placement.Steps.Count)
            return [new PlacementApplied(dataCenter, placement.DecisionId, state.Deciding?.Service ?? "", at)];
        var step = placement.Steps[index];
        var request = DeterministicId.From(placement.DecisionId, $"step/{index}");
        if (state.Inventory.Machines.GetValueOrDefault(step.Machine)?.Agent is not { } agent)
            return [Failed(placement, index, Forgotten(step.Machine))];
        var answerBy = at + policy.StepTimeout;
        if (step.To is not { } to)
        {
            return
            [
                new AllocationStarted(
                    dataCenter, placement.DecisionId, index, request, agent, step.Vm, Wanted(state, step), answerBy, at),
            ];
        }

        if (state.Inventory.Machines.GetValueOrDefault(to)?.Agent is not { } other)
            return [Failed(placement, index, Forgotten(to))];
        return
        [
            new MigrationStarted(
                dataCenter,
                placement.DecisionId,
                index,
                request,
                agent,
                step.Vm,
                step.Machine,
                to,
                answerBy,
                at,
                other == agent ? null : other),
        ];
    }

    /// <summary>
    /// What the step sets. A violation never lowers an allocation: where it is known since the plan was made that the server has more, by a
    /// late word of its agent, it keeps that.
    /// </summary>
    private static Allocation Wanted(PlacementState state, PlacementStep step) =>
        state.Deciding?.Goal == ExplorationGoal.KeepAgreement && state.Inventory.Vms.TryGetValue(step.Vm, out var placed)
            ? step.Allocation!.AtLeast(placed.Allocation)
            : step.Allocation!;

    /// <summary>A step of a placement cannot be done.</summary>
    public static IDomainEvent Failed(PlacementDecided placement, int index, string reason) =>
        placement.Steps[index] is { To: not null } move
        ? new MigrationFailed(placement.DecisionId, index, move.Vm, reason)
        : new AllocationFailed(placement.DecisionId, index, placement.Steps[index].Vm, reason);

    private static string Forgotten(string machine) => $"machine {machine} was forgotten";
}
