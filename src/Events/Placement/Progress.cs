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
        if (state.Inventory.Machines.GetValueOrDefault(step.Machine)?.Agent is not { } agent)
            return [Failed(placement, index, step.Machine)];
        var answerBy = at + policy.StepTimeout;
        if (step.To is not { } to)
        {
            return
            [
                new AllocationStarted(
                    dataCenter, placement.DecisionId, index, request, agent, step.Vm, step.Allocation!, answerBy, at),
            ];
        }

        if (state.Inventory.Machines.GetValueOrDefault(to)?.Agent is not { } other)
            return [Failed(placement, index, to)];
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

    private static IDomainEvent Failed(PlacementDecided placement, int index, string machine)
    {
        var (step, reason) = (placement.Steps[index], $"machine {machine} was forgotten");
        return step.To is null
            ? new AllocationFailed(placement.DecisionId, index, step.Vm, reason)
            : new MigrationFailed(placement.DecisionId, index, step.Vm, reason);
    }
}
