using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events;

/// <summary>
/// What each event leads to outside of its stream: commands and timers. They are functions of the event alone, so the
/// stream is the outbox of commands and timers as well, and a crash between any two lines loses none.
/// </summary>
public static class Consequences
{
    /// <summary>The commands that an event leads to; their message ids follow from the event's.</summary>
    public static IReadOnlyList<ICommand> CommandsOf(IDomainEvent @event, Guid eventId) => @event switch
    {
        CloneRequested e =>
        [
            new CloneVm(
                Streams.Matrix(e.MatrixId), e.RequestId, e.Sandbox.Agent, e.Vm, e.CloneName, e.Sandbox.Machine, e.Sandbox.Next, e.LeaseUntil),
        ],
        ExperimentStarted e =>
            [new SetAllocation(Streams.Matrix(e.MatrixId), e.ExperimentId, e.Agent, e.CloneName, e.Cpu, e.Memory, e.Frequency)],
        SandboxAllocated e =>
        [
            new StartReplay(Streams.Matrix(e.MatrixId), e.ExperimentId, e.ProxyNode, e.Service, e.Tier, e.Endpoint, e.Durations),
        ],
        ExperimentsEnded { CloneName: { } clone } e =>
        [
            new StopReplay(Streams.Matrix(e.MatrixId), DeterministicId.From(eventId, "stop"), e.ProxyNode, e.Service, e.Tier),
            new DestroyClone(Streams.Matrix(e.MatrixId), DeterministicId.From(eventId, "destroy"), e.Agent, clone),
        ],
        ValidationScheduled e => [new ValidationRequested(e.MatrixId, e.Cell, e.Deadline)],
        MigrationStarted e =>
            [new MigrateVm(Streams.DataCenter(e.DataCenter), e.RequestId, e.Agent, e.Vm, e.From, e.To, e.ToAgent)],
        AllocationStarted e =>
            [new SetAllocation(Streams.DataCenter(e.DataCenter), e.RequestId, e.Agent, e.Vm, e.Cpu, e.Memory)],
        _ => [],
    };

    /// <summary>The timers that an event starts.</summary>
    public static IReadOnlyList<TimerElapsed> TimersOf(IDomainEvent @event) => @event switch
    {
        SandboxAwaited e => [new TimerElapsed(Streams.Matrix(e.MatrixId), TimerKind.SandboxRetry, e.MatrixId, e.RetryAt)],
        CloneRequested e =>
        [
            new TimerElapsed(Streams.Matrix(e.MatrixId), TimerKind.CloneOverdue, e.RequestId, e.At + ExperimentDecider.CloneTimeout),
        ],
        ExperimentStarted e =>
        [
            new TimerElapsed(
                Streams.Matrix(e.MatrixId),
                TimerKind.ExperimentOverdue,
                e.ExperimentId,
                e.At + e.Durations.Longest + ExperimentDecider.ExperimentGrace),
        ],
        PlacementDeferred e =>
            [new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.PlacementRetry, e.MatrixId, e.RetryAt)],
        MigrationStarted e =>
        [
            new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.StepOverdue, e.RequestId, e.At + PlacementDecider.StepTimeout),
        ],
        AllocationStarted e =>
        [
            new TimerElapsed(Streams.DataCenter(e.DataCenter), TimerKind.StepOverdue, e.RequestId, e.At + PlacementDecider.StepTimeout),
        ],
        _ => [],
    };
}
