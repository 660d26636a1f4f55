using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Placement;

/// <summary>A step of a placement was answered: on to the next one, or the rest is given up.</summary>
public sealed class StepDecider
    : IDecider<VmMigrated>,
    IDecider<VmMigrationFailed>,
    IDecider<AllocationSet>,
    IDecider<AllocationRefused>
{
    /// <inheritdoc />
    public string Name => "stepping";

    /// <inheritdoc />
    public int Version => 3;

    /// <summary>A virtual machine has moved.</summary>
    public Decision Decide(IReading reading, VmMigrated message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: true, message.To);
        return Step(reading, message.Subject, message.RequestId, answer, cause, (placement, step) =>
            new MigrationCompleted(placement.DecisionId, step, message.Vm, message.To, message.Took));
    }

    /// <summary>A virtual machine could not move.</summary>
    public Decision Decide(IReading reading, VmMigrationFailed message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: true, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, (placement, step) =>
            Failed(placement, step, message.Reason));
    }

    /// <summary>An allocation is in force.</summary>
    public Decision Decide(IReading reading, AllocationSet message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: false, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, (placement, step) =>
            new AllocationApplied(placement.DecisionId, step, message.Vm, message.Allocation));
    }

    /// <summary>An allocation could not be set.</summary>
    public Decision Decide(IReading reading, AllocationRefused message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: false, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, (placement, step) =>
            Failed(placement, step, message.Reason));
    }

    /// <summary>A step was not answered in time.</summary>
    internal static Decision Overdue(IReading reading, TimerElapsed timer) => Step(
        reading, timer.Stream, timer.Subject, null, null, (placement, step) => Failed(placement, step, "the host agent has not answered"));

    private static Decision Step(
        IReading reading, string stream, Guid request, Answer? answer, Cause? cause, Func<PlacementDecided, int, IDomainEvent> outcome)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (!Streams.IsDataCenter(stream, out var dataCenter))
            return Decision.Nothing(WhyNothing.NotAddressed, $"{stream} is no data centre");
        var state = reading.State<PlacementState>(stream);
        if (state.InProgress is not { } placement || state.PendingRequest != request)
            return Decision.Nothing(WhyNothing.NotAwaited, $"request {request}: nobody waits for it");
        var done = outcome(placement, state.StepsDone);
        if (answer?.Problem(state, placement.Steps[state.StepsDone]) is { } problem)
            return Decision.Refuse(problem);
        var decision = Decision.On(stream, done);
        if (cause is not null)
            decision = decision.And(stream, Next(reading, PlacementState.Evolve(state, done), dataCenter, cause));
        return state.Deciding is { } allocation ? decision.Under(allocation.CorrelationId) : decision;
    }

    private static IEnumerable<IDomainEvent> Next(IReading reading, PlacementState state, string dataCenter, Cause cause)
    {
        var policy = reading.State<PolicyState>(Streams.Policy(dataCenter)).Current.Placing;
        if (state is not { InProgress: { } placement, Deciding: { Goal: ExplorationGoal.ReleaseSlack } allocation }
            || state.StepsDone >= placement.Steps.Count)
        {
            return Progress.NextStep(state, dataCenter, policy, cause.At);
        }

        // A violation never lowers an allocation, a release that has begun before it neither.
        var violations = reading.State<ServiceState>(Streams.Service(allocation.Service)).Violations;
        return violations.IsEmpty
            ? Progress.NextStep(state, dataCenter, policy, cause.At)
            : [Failed(placement, state.StepsDone, $"given up: the agreement is broken meanwhile by the word of {violations.Keys.First()}")];
    }

    private static IDomainEvent Failed(PlacementDecided placement, int index, string reason) =>
        placement.Steps[index] is { To: not null } move
        ? new MigrationFailed(placement.DecisionId, index, move.Vm, reason)
        : new AllocationFailed(placement.DecisionId, index, placement.Steps[index].Vm, reason);

    /// <summary>Who answers, for what.</summary>
    /// <param name="Agent">The host agent.</param>
    /// <param name="Vm">The server.</param>
    /// <param name="Moved">Whether it was told to move it; otherwise it was given an allocation.</param>
    /// <param name="To">Where it says that it has moved it; null where it says nothing of that.</param>
    private sealed record Answer(string Agent, string Vm, bool Moved, string? To)
    {
        /// <summary>
        /// Why it does not answer a step; null when it does: whoever knows a request's number is not believed for that alone.
        /// </summary>
        public string? Problem(PlacementState state, PlacementStep step)
        {
            if (Vm != step.Vm)
                return $"vm: '{Vm}'; asked was for {step.Vm}";
            if (Moved != step.To is not null)
                return $"the step of {Vm} was {(step.To is null ? "an allocation" : "a move")}";
            if (To is not null && To != step.To)
                return $"to: '{To}'; {Vm} was told to move to {step.To}";
            // Of a move between two agents either may answer.
            var asked = new[] { step.Machine, step.To }.OfType<string>()
                .Select(machine => state.Inventory.Machines.GetValueOrDefault(machine)?.Agent).OfType<string>().Distinct().ToList();
            return asked.Contains(Agent) ? null : $"agent: '{Agent}'; asked was {string.Join(" and ", asked)}";
        }
    }
}
