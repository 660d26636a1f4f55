using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
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
    public int Version => 2;

    /// <summary>A virtual machine has moved.</summary>
    public Decision Decide(IReading reading, VmMigrated message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Step(reading, message.Subject, message.RequestId, cause, (placement, step) =>
            new MigrationCompleted(placement.DecisionId, step, message.Vm, message.To, message.Took));
    }

    /// <summary>A virtual machine could not move.</summary>
    public Decision Decide(IReading reading, VmMigrationFailed message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Step(reading, message.Subject, message.RequestId, cause, (placement, step) =>
            new MigrationFailed(placement.DecisionId, step, message.Vm, message.Reason));
    }

    /// <summary>An allocation is in force.</summary>
    public Decision Decide(IReading reading, AllocationSet message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Step(reading, message.Subject, message.RequestId, cause, (placement, step) =>
            new AllocationApplied(placement.DecisionId, step, message.Vm, message.Allocation));
    }

    /// <summary>An allocation could not be set.</summary>
    public Decision Decide(IReading reading, AllocationRefused message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Step(reading, message.Subject, message.RequestId, cause, (placement, step) =>
            new AllocationFailed(placement.DecisionId, step, message.Vm, message.Reason));
    }

    /// <summary>A step was not answered in time.</summary>
    internal static Decision Overdue(IReading reading, TimerElapsed timer)
    {
        const string reason = "the host agent has not answered";
        return Step(reading, timer.Stream, timer.Subject, null, (placement, index) =>
            placement.Steps[index] is { To: not null } move
                ? new MigrationFailed(placement.DecisionId, index, move.Vm, reason)
                : new AllocationFailed(placement.DecisionId, index, placement.Steps[index].Vm, reason));
    }

    private static Decision Step(
        IReading reading, string stream, Guid request, Cause? cause, Func<PlacementDecided, int, IDomainEvent> outcome)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (!Streams.IsDataCenter(stream, out var dataCenter))
            return Decision.Nothing(WhyNothing.NotAddressed, $"{stream} is no data centre");
        var state = reading.State<PlacementState>(stream);
        if (state.InProgress is not { } placement || state.PendingRequest != request)
            return Decision.Nothing(WhyNothing.NotAwaited, $"request {request}: nobody waits for it");
        var policy = reading.State<PolicyState>(Streams.Policy(dataCenter)).Current.Placing;
        var done = outcome(placement, state.StepsDone);
        var decision = Decision.On(stream, done);
        if (cause is not null)
            decision = decision.And(stream, Progress.NextStep(PlacementState.Evolve(state, done), dataCenter, policy, cause.At));
        return state.Deciding is { } allocation ? decision.Under(allocation.CorrelationId) : decision;
    }
}
