using System.Collections.Frozen;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events;

/// <summary>
/// What each event leads to outside of its stream: commands and timers. They are functions of the event alone, so that the
/// stream is the outbox of commands and timers as well, and a crash between any two lines loses none.
/// </summary>
public static class Consequences
{
    /// <summary>A new command that follows from an event is a line here: the relay asks this table, and nothing else.</summary>
    private static readonly FrozenDictionary<Type, Func<IDomainEvent, Guid, IReadOnlyList<ICommand>>> Commands =
        new Dictionary<Type, Func<IDomainEvent, Guid, IReadOnlyList<ICommand>>>()
            .On<CloneRequested>((e, _) =>
            [
                new CloneVm(
                    Streams.Matrix(e.MatrixId),
                    e.RequestId,
                    e.Sandbox.Agent,
                    e.Vm,
                    e.CloneName,
                    e.Sandbox.Machine,
                    e.Sandbox.Next,
                    e.LeaseUntil,
                    e.AnswerBy),
            ])
            .On<CloneFailed>((e, id) => e.Agent is not { } agent
                ? []
                : [new DestroyClone(Streams.Matrix(e.MatrixId), DeterministicId.From(id, "destroy"), agent, e.CloneName)])
            .On<ExperimentStarted>((e, _) =>
            [
                new SetAllocation(
                    Streams.Matrix(e.MatrixId), e.ExperimentId, e.Agent, e.CloneName, e.Allocation, ExpiresAt: e.AnswerBy),
            ])
            .On<SandboxAllocated>((e, _) =>
            [
                new StartReplay(
                    Streams.Matrix(e.MatrixId),
                    e.ExperimentId,
                    e.ProxyNode,
                    e.Service,
                    e.Tier,
                    e.Endpoint,
                    e.Durations,
                    e.AnswerBy),
            ])
            .On<ExperimentsEnded>((e, id) => e.CloneName is not { } clone
                ? []
                :
                [
                    new StopReplay(Streams.Matrix(e.MatrixId), DeterministicId.From(id, "stop"), e.ProxyNode, e.Service, e.Tier),
                    new DestroyClone(Streams.Matrix(e.MatrixId), DeterministicId.From(id, "destroy"), e.Agent, clone),
                ])
            .On<ValidationScheduled>((e, _) => [new ValidationRequested(e.MatrixId, e.Cell, e.Deadline)])
            .On<MigrationStarted>((e, _) =>
            [
                new MigrateVm(Streams.DataCenter(e.DataCenter), e.RequestId, e.Agent, e.Vm, e.From, e.To, e.ToAgent, e.AnswerBy),
            ])
            .On<AllocationStarted>((e, _) =>
            [
                new SetAllocation(
                    Streams.DataCenter(e.DataCenter), e.RequestId, e.Agent, e.Vm, e.Allocation, ExpiresAt: e.AnswerBy),
            ])
            .ToFrozenDictionary();

    /// <summary>Events that commands may follow from.</summary>
    public static IEnumerable<Type> CommandSources => Commands.Keys;

    /// <summary>Whether commands may follow from events of a type.</summary>
    public static bool HasCommands(Type @event) => Commands.ContainsKey(@event);

    /// <summary>The commands that an event leads to; their message ids follow from the event's.</summary>
    public static IReadOnlyList<ICommand> CommandsOf(IDomainEvent @event, Guid eventId)
    {
        ArgumentNullException.ThrowIfNull(@event);
        return Commands.TryGetValue(@event.GetType(), out var commands) ? commands(@event, eventId) : [];
    }

    /// <summary>The timers that an event starts.</summary>
    public static IReadOnlyList<TimerElapsed> TimersOf(IDomainEvent @event) => @event switch
    {
        SandboxAwaited e => [new TimerElapsed(Streams.Matrix(e.MatrixId), TimerKind.SandboxRetry, e.MatrixId, e.RetryAt)],
        CloneRequested e => [new TimerElapsed(Streams.Matrix(e.MatrixId), TimerKind.CloneOverdue, e.RequestId, e.AnswerBy)],
        ExperimentStarted e =>
            [new TimerElapsed(Streams.Matrix(e.MatrixId), TimerKind.ExperimentOverdue, e.ExperimentId, e.AnswerBy)],
        PlacementDeferred e =>
            [new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.PlacementRetry, e.MatrixId, e.RetryAt)],
        MigrationStarted e => [new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.StepOverdue, e.RequestId, e.AnswerBy)],
        AllocationStarted e => [new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.StepOverdue, e.RequestId, e.AnswerBy)],
        _ => [],
    };

    private static Dictionary<Type, Func<IDomainEvent, Guid, IReadOnlyList<ICommand>>> On<TEvent>(
        this Dictionary<Type, Func<IDomainEvent, Guid, IReadOnlyList<ICommand>>> table,
        Func<TEvent, Guid, IReadOnlyList<ICommand>> commands)
        where TEvent : IDomainEvent
    {
        table.Add(typeof(TEvent), (@event, id) => commands((TEvent)@event, id));
        return table;
    }
}
