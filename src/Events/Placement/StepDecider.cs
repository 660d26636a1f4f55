using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Placement;

/// <summary>
/// A step of a placement was answered: on to the next one, or the rest is given up. An answer that comes after its step was given up
/// changes nothing of that, but what its agent has done stands in the inventory then.
/// </summary>
public sealed class StepDecider
    : IDecider<VmMigrated>,
    IDecider<VmMigrationFailed>,
    IDecider<AllocationSet>,
    IDecider<AllocationRefused>
{
    /// <inheritdoc />
    public string Name => "stepping";

    /// <inheritdoc />
    public int Version => 4;

    /// <summary>A virtual machine has moved.</summary>
    public Decision Decide(IReading reading, VmMigrated message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: true, message.To);
        return Step(reading, message.Subject, message.RequestId, answer, cause, asked =>
            new MigrationCompleted(asked.DecisionId, asked.Step, message.Vm, message.To, message.Took));
    }

    /// <summary>A virtual machine could not move.</summary>
    public Decision Decide(IReading reading, VmMigrationFailed message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: true, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, asked => Failed(asked, message.Reason));
    }

    /// <summary>An allocation is in force.</summary>
    public Decision Decide(IReading reading, AllocationSet message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: false, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, asked =>
            new AllocationApplied(asked.DecisionId, asked.Step, message.Vm, message.Allocation));
    }

    /// <summary>An allocation could not be set.</summary>
    public Decision Decide(IReading reading, AllocationRefused message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        var answer = new Answer(message.Agent, message.Vm, Moved: false, null);
        return Step(reading, message.Subject, message.RequestId, answer, cause, asked => Failed(asked, message.Reason));
    }

    /// <summary>A step was not answered in time.</summary>
    internal static Decision Overdue(IReading reading, TimerElapsed timer) => Step(
        reading, timer.Stream, timer.Subject, null, null, asked => Failed(asked, "the host agent has not answered"));

    private static Decision Step(
        IReading reading, string stream, Guid request, Answer? answer, Cause? cause, Func<AskedStep, IDomainEvent> outcome)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (!Streams.IsDataCenter(stream, out var dataCenter))
            return Decision.Nothing(WhyNothing.NotAddressed, $"{stream} is no data centre");
        var state = reading.State<PlacementState>(stream);
        if (state.Asked.Find(step => step.RequestId == request) is not { } asked)
            return Decision.Nothing(WhyNothing.NotAwaited, $"request {request}: nobody waits for it");
        if (answer?.Problem(asked) is { } problem)
            return Decision.Refuse(problem);
        var done = outcome(asked);
        if (state.PendingRequest != request && TooLate(state.Inventory, asked, done) is { } late)
            return Decision.Nothing(WhyNothing.NotAwaited, $"request {request}: its step was given up, and {late}");
        var decision = Decision.On(stream, done);
        if (state.PendingRequest == request && cause is not null)
            decision = decision.And(stream, Next(reading, PlacementState.Evolve(state, done), dataCenter, cause));
        return asked.CorrelationId is { } correlation ? decision.Under(correlation) : decision;
    }

    /// <summary>
    /// Why what is said of a step after it was given up is not put into the inventory; null when it is: the agents that were asked have
    /// the same server still, and the machine that it has moved to.
    /// </summary>
    private static string? TooLate(Inventory inventory, AskedStep asked, IDomainEvent done)
    {
        if (done is MigrationFailed or AllocationFailed)
            return "nothing was done";
        if (!inventory.Vms.TryGetValue(asked.Vm, out var placed))
            return $"{asked.Vm} is not there any more";
        if (asked.StartedBy is { } before && placed.StartedBy is { } since && before != since)
            return $"{asked.Vm} was started anew since";
        if (inventory.HolderOf(asked.Vm) is { } holder && !asked.IsAskedOf(holder))
            return $"{asked.Vm} is agent {holder}'s now";
        return asked.To is { } to && inventory.Machines.GetValueOrDefault(to)?.Agent != (asked.ToAgent ?? asked.Agent)
            ? $"machine {to} was forgotten"
            : null;
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
            : [
                Progress.Failed(
                    placement, state.StepsDone, $"given up: the agreement is broken meanwhile by the word of {violations.Keys.First()}"),
            ];
    }

    private static IDomainEvent Failed(AskedStep asked, string reason) => asked.IsMove
        ? new MigrationFailed(asked.DecisionId, asked.Step, asked.Vm, reason)
        : new AllocationFailed(asked.DecisionId, asked.Step, asked.Vm, reason);

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
        public string? Problem(AskedStep asked)
        {
            if (Vm != asked.Vm)
                return $"vm: '{Vm}'; asked was for {asked.Vm}";
            if (Moved != asked.IsMove)
                return $"the step of {Vm} was {(asked.IsMove ? "a move" : "an allocation")}";
            if (To is not null && To != asked.To)
                return $"to: '{To}'; {Vm} was told to move to {asked.To}";
            return asked.IsAskedOf(Agent)
                ? null
                : $"agent: '{Agent}'; asked was {asked.Agent}{(asked.ToAgent is { } other ? $" and {other}" : "")}";
        }
    }
}
