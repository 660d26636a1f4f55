using JustRunIt.Events.Messaging;
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
        var agent = state.Inventory.Machines[step.Machine].Agent;
        var answerBy = at + policy.StepTimeout;
        if (step.To is not { } to)
        {
            return
            [
                new AllocationStarted(
                    dataCenter, placement.DecisionId, index, request, agent, step.Vm, step.Allocation!, answerBy, at),
            ];
        }

        var other = state.Inventory.Machines[to].Agent;
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
}
