using System.Collections.Immutable;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations.Driving;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Matrices.Experimenting;

/// <summary>
/// The experiments of a matrix, step by step (§2.2.1, §2.2.2): lease the sandbox, clone, and for each cell allocate, replay,
/// measure. Every answer leads to the next step, and every wait has a timer, so that nothing that dies can stop the loop.
/// </summary>
/// <param name="Matrix">The matrix, already opened.</param>
/// <param name="Sandbox">Who holds the sandbox.</param>
/// <param name="Policy">The rules in force.</param>
/// <param name="Cause">The message that is being handled.</param>
public sealed record ExperimentSteps(MatrixState Matrix, SandboxState Sandbox, ExploringPolicy Policy, Cause Cause)
{
    private string Stream => Streams.Matrix(Matrix.Settings.MatrixId);

    /// <summary>Leases the sandbox and asks for a clone, or waits for the sandbox.</summary>
    public Steps AcquireClone() => AcquireClone(Matrix);

    /// <summary>The host agent made the clone: the first experiment starts.</summary>
    public Steps On(VmCloned cloned)
    {
        ArgumentNullException.ThrowIfNull(cloned);
        if (cloned.Problem() is { } problem)
            return Steps.Nothing(WhyNothing.Refused, problem);
        return !IsAsked(Matrix.PendingClone, cloned.RequestId, cloned.Agent, cloned.CloneName)
            ? NotAwaited($"clone {cloned.CloneName}")
            : Continue(new CloneReady(
                Matrix.Settings.MatrixId,
                cloned.CloneName,
                cloned.Endpoint,
                cloned.Hypervisor,
                cloned.Cold,
                cloned.Pause,
                cloned.CloneTime,
                cloned.BytesCopied));
    }

    /// <summary>The host agent could not clone: tried again a few times.</summary>
    public Steps On(VmCloneFailed failed)
    {
        ArgumentNullException.ThrowIfNull(failed);
        return IsAsked(Matrix.PendingClone, failed.RequestId, failed.Agent, failed.CloneName)
            ? LoseClone(failed.CloneName, failed.Reason)
            : NotAwaited($"clone {failed.CloneName}");
    }

    /// <summary>The clone has the cell's allocation: the replay may begin.</summary>
    public Steps On(AllocationSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return Matrix.Running is { } running && running.ExperimentId == set.RequestId && running.Agent == set.Agent
            && running.CloneName == set.Vm && !Matrix.RunningIsAllocated
            ? new Steps(
                [
                    new SandboxAllocated(
                        running.MatrixId,
                        running.ExperimentId,
                        set.Allocation,
                        running.Service,
                        running.Tier,
                        running.Endpoint,
                        running.ProxyNode,
                        running.Durations,
                        running.AnswerBy),
                ],
                [])
            : NotAwaited($"allocation of {set.Vm}");
    }

    /// <summary>
    /// The clone cannot have the cell's allocation: the cell fails, the driver goes on; with another clone if this one has
    /// ended, of which the refusal may tell before <see cref="VmExited"/> does.
    /// </summary>
    public Steps On(AllocationRefused refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        if (Matrix.Running is not { } running || running.ExperimentId != refused.RequestId
            || running.Agent != refused.Agent || running.CloneName != refused.Vm)
            return NotAwaited($"allocation of {refused.Vm}");
        return refused.Ended
            ? LoseClone(refused.Vm, refused.Reason)
            : Continue(Fail(running, $"allocation of {running.Allocation} refused: {refused.Reason}"));
    }

    /// <summary>The proxies have measured: a result, or the reason why it is none; the driver goes on.</summary>
    /// <param name="measured">What the proxies say.</param>
    /// <param name="power">What the host agents measured meanwhile; null when nothing was.</param>
    public Steps On(ReplayMeasured measured, ExperimentPower? power)
    {
        ArgumentNullException.ThrowIfNull(measured);
        if (Matrix.Running is not { } running || running.ExperimentId != measured.RequestId
            || running.ProxyNode != measured.ProxyNode)
            return NotAwaited($"experiment {measured.RequestId}");
        if (measured is not { Failure: null, Online: { } online, Sandbox: { } clone })
            return Continue(Fail(running, measured.Failure ?? "the proxies measured nothing"));
        if (measured.Problem() is { } wrong)
            return Continue(Fail(running, wrong));
        if (clone.Metrics[Matrix.Settings.Agreement.Metric] is null)
            return Continue(Fail(running, $"the proxies measured no {Matrix.Settings.Agreement.Metric}"));
        if (ErrorsProblem(online, clone) is { } errors)
            return Continue(Fail(running, errors));
        var completed = new ExperimentCompleted(
            running.MatrixId,
            running.ExperimentId,
            running.Cell,
            running.Allocation,
            running.Purpose,
            measured.From,
            measured.To,
            online,
            clone,
            measured.Matches,
            power?.Online,
            power?.Sandbox);
        return Reproduction.Problem(Matrix, running.Allocation, online, clone, Policy) is { } outside
            ? EndOutside(completed, outside)
            : Continue(completed);
    }

    /// <summary>The clone died: its experiment fails with the reason, and the driver goes on with another clone.</summary>
    public Steps On(VmExited exited)
    {
        ArgumentNullException.ThrowIfNull(exited);
        return Matrix.Settings.Sandbox.Agent == exited.Agent
            && (Matrix.ReadyClone?.CloneName == exited.Vm || Matrix.PendingClone?.CloneName == exited.Vm)
            ? LoseClone(exited.Vm, exited.Reason)
            : NotAwaited($"clone {exited.Vm}");
    }

    /// <summary>Nobody wants the experiments any more: they end.</summary>
    /// <param name="reason">One line.</param>
    public Steps Stop(string reason) => new([End(Matrix, reason)], Release());

    /// <summary>A wait is over. A timer that no longer matters decides nothing.</summary>
    public Steps On(TimerElapsed timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return timer.Kind switch
        {
            TimerKind.SandboxRetry => AcquireClone(),
            TimerKind.CloneOverdue when Matrix.PendingClone?.RequestId == timer.Subject =>
                LoseClone(Matrix.PendingClone.CloneName, "the host agent has not answered", Matrix.PendingClone.Sandbox.Agent),
            TimerKind.ExperimentOverdue when Matrix.Running?.ExperimentId == timer.Subject =>
                Continue(Fail(Matrix.Running, "no measurement came in time")),
            _ => NotAwaited($"timer {timer.Kind} of {timer.Subject}"),
        };
    }

    /// <summary>Whoever knows a request's number is not believed for that alone.</summary>
    private static bool IsAsked(CloneRequested? asked, Guid request, string agent, string clone) =>
        asked is not null && asked.RequestId == request && asked.Sandbox.Agent == agent && asked.CloneName == clone;

    private static Steps NotAwaited(string what) => Steps.Nothing(WhyNothing.NotAwaited, $"{what}: nobody waits for it");

    private static ExperimentFailed Fail(ExperimentStarted running, string reason) =>
        new(running.MatrixId, running.ExperimentId, running.Cell, running.Purpose, reason);

    private string? ErrorsProblem(SideMeasured online, SideMeasured clone)
    {
        return Fraction(clone) <= Fraction(online) + Policy.ErrorTolerance
            ? null
            : $"{clone.Errors} of {clone.Requests} requests failed at the clone, {online.Errors} of {online.Requests} on-line; "
                + $"at most {Policy.ErrorTolerance * 100:0.#} % more are allowed";

        static double Fraction(SideMeasured side) => side.Requests > 0 ? (double)side.Errors / side.Requests : 0;
    }

    private Steps AcquireClone(MatrixState matrix)
    {
        var settings = matrix.Settings;
        if (!matrix.IsActive || matrix.ReadyClone is not null || matrix.PendingClone is not null)
            return Steps.Nothing(WhyNothing.NotAwaited, $"matrix {settings.MatrixId} needs no clone now");
        var (next, reason) = ExperimentDriver.Next(matrix, Cause.At);
        if (next is null)
            return new Steps([End(matrix, reason)], Release());
        if (Sandbox.HeldAgainst(Stream, Cause.At) is { } holder)
        {
            return new Steps(
                [new SandboxAwaited(settings.MatrixId, settings.Sandbox.Machine, holder, Cause.At + Policy.SandboxRetryAfter)],
                []);
        }

        var leaseUntil = (matrix.Deadline ?? Cause.At + (settings.Deadline - settings.At)) + Policy.CloneTimeout + Policy.ExperimentGrace;
        var request = DeterministicId.From(Cause.MessageId, "clone");
        return new Steps(
            [
                new CloneRequested(
                    settings.MatrixId,
                    request,
                    settings.Vm,
                    Name.Of(settings.Vm, $"-clone-{request.ToString("N")[..8]}"),
                    settings.Sandbox,
                    leaseUntil,
                    Cause.At + Policy.CloneTimeout,
                    Cause.At),
            ],
            [new SandboxLeased(settings.Sandbox.Machine, Stream, leaseUntil)]);
    }

    /// <param name="clone">Its name.</param>
    /// <param name="reason">Why there is none, or none that is known.</param>
    /// <param name="agent">Who is to destroy it, should there be one after all; null where there is none.</param>
    private Steps LoseClone(string clone, string reason, string? agent = null)
    {
        var events = ImmutableList<IDomainEvent>.Empty;
        if (Matrix.Running is { } running)
            events = events.Add(Fail(running, $"the clone died: {reason}"));
        events = events.Add(new CloneFailed(Matrix.Settings.MatrixId, clone, reason, agent));
        var after = events.Aggregate(Matrix, MatrixState.Evolve);
        if (after.CloneAttempts >= Policy.CloneAttempts)
            return new Steps(events.Add(End(after, $"no clone could be made: {reason}")), Release());
        var next = AcquireClone(after);
        return new Steps([.. events, .. next.Matrix], next.Sandbox);
    }

    /// <summary>Adds <paramref name="first"/>, then prunes, starts the next experiment, asks for another clone, or ends.</summary>
    private Steps Continue(IDomainEvent first)
    {
        var events = ImmutableList.Create(first);
        var state = MatrixState.Evolve(Matrix, first);
        if (ExperimentDriver.Prune(state) is { } pruned)
        {
            events = events.Add(pruned);
            state = MatrixState.Evolve(state, pruned);
        }

        var (cell, reason) = ExperimentDriver.Next(state, Cause.At);
        if (cell is null)
            return new Steps(events.Add(End(state, reason)), Release());
        if (state.ReadyClone is not { } clone)
        {
            var next = AcquireClone(state);
            return new Steps([.. events, .. next.Matrix], next.Sandbox);
        }

        var settings = state.Settings;
        return new Steps(
            events.Add(new ExperimentStarted(
                settings.MatrixId,
                DeterministicId.From(Cause.MessageId, "experiment"),
                cell,
                state.AllocationOf(cell).Over(settings.Online),
                state.Purpose,
                settings.Service,
                settings.Tier,
                clone.CloneName,
                clone.Endpoint,
                settings.Sandbox.Agent,
                settings.ProxyNode,
                settings.Durations,
                Cause.At + settings.Durations.Longest + Policy.ExperimentGrace,
                Cause.At)),
            []);
    }

    private Steps EndOutside(ExperimentCompleted completed, CauseOutside outside)
    {
        var state = MatrixState.Evolve(MatrixState.Evolve(Matrix, completed), outside);
        return new Steps([completed, outside, End(state, outside.Reason)], Release());
    }

    private ImmutableList<IDomainEvent> Release() => [.. Sandbox.Release(Matrix.Settings.Sandbox.Machine, Stream)];

    private ExperimentsEnded End(MatrixState matrix, string reason) =>
        new(
            matrix.Settings.MatrixId,
            matrix.Purpose,
            reason,
            matrix.Settings.Service,
            matrix.Settings.Tier,
            matrix.Settings.ProxyNode,
            matrix.Settings.Sandbox.Agent,
            // One that is being made is given up.
            matrix.ReadyClone?.CloneName ?? matrix.PendingClone?.CloneName,
            Cause.At);
}
