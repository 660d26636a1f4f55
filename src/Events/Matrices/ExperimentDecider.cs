using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// Runs the experiments of a matrix (§2.2.1, §2.2.2): lease the sandbox, clone, and for each cell allocate, replay,
/// measure. Every answer leads to the next step, and every wait has a timer, so that nothing that dies can stop the loop.
/// </summary>
public static class ExperimentDecider
{
    /// <summary>A host agent that has not answered after this long has failed.</summary>
    public static readonly TimeSpan CloneTimeout = TimeSpan.FromSeconds(90);

    /// <summary>Added to an experiment's longest duration before it counts as lost.</summary>
    public static readonly TimeSpan ExperimentGrace = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait before a held sandbox is tried again.</summary>
    public static readonly TimeSpan SandboxRetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>A clone that fails so often in a row ends the experiments.</summary>
    public const int MaximumCloneAttempts = 3;

    /// <summary>Leases the sandbox and asks for a clone, or waits for the sandbox.</summary>
    /// <param name="matrix">The matrix, already opened.</param>
    /// <param name="sandbox">Who holds the sandbox.</param>
    /// <param name="cause">The message that is being handled.</param>
    public static Decision AcquireClone(MatrixState matrix, SandboxState sandbox, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(sandbox);
        ArgumentNullException.ThrowIfNull(cause);
        var settings = matrix.Settings;
        var stream = Streams.Matrix(settings.MatrixId);
        if (!matrix.IsActive || matrix.ReadyClone is not null || matrix.PendingClone is not null)
            return Decision.Nothing;
        var (next, reason) = ExperimentDriver.Next(matrix, cause.At);
        if (next is null)
            return new Decision([End(matrix, reason, cause)], [.. sandbox.Release(settings.Sandbox.Machine, stream)]);
        if (sandbox.HeldAgainst(stream, cause.At) is { } holder)
        {
            return new Decision(
                [new SandboxAwaited(settings.MatrixId, settings.Sandbox.Machine, holder, cause.At + SandboxRetryAfter)],
                []);
        }

        var leaseUntil = (matrix.Deadline ?? cause.At + (settings.Deadline - settings.At)) + CloneTimeout + ExperimentGrace;
        var request = DeterministicId.From(cause.MessageId, "clone");
        return new Decision(
            [
                new CloneRequested(
                    settings.MatrixId,
                    request,
                    settings.Vm,
                    $"{settings.Vm}-clone-{request.ToString("N")[..8]}",
                    settings.Sandbox,
                    leaseUntil,
                    cause.At),
            ],
            [new SandboxLeased(settings.Sandbox.Machine, stream, leaseUntil)]);
    }

    /// <summary>The host agent made the clone: the first experiment starts.</summary>
    public static Decision On(MatrixState matrix, SandboxState sandbox, VmCloned cloned, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(cloned);
        if (matrix.PendingClone?.RequestId != cloned.RequestId)
            return Decision.Nothing;
        return Continue(
            matrix,
            sandbox,
            cause,
            new CloneReady(
                matrix.Settings.MatrixId,
                cloned.CloneName,
                cloned.Endpoint,
                cloned.Hypervisor,
                cloned.Cold,
                cloned.Pause,
                cloned.CloneTime,
                cloned.BytesCopied));
    }

    /// <summary>The host agent could not clone: tried again a few times.</summary>
    public static Decision On(MatrixState matrix, SandboxState sandbox, VmCloneFailed failed, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(failed);
        return matrix.PendingClone?.RequestId == failed.RequestId
            ? LoseClone(matrix, sandbox, failed.CloneName, failed.Reason, cause)
            : Decision.Nothing;
    }

    /// <summary>The clone has the cell's allocation: the replay may begin.</summary>
    public static Decision On(MatrixState matrix, AllocationSet set)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(set);
        return matrix.Running is { } running && running.ExperimentId == set.RequestId
            ? new Decision(
                [
                    new SandboxAllocated(
                        running.MatrixId,
                        running.ExperimentId,
                        set.Cpu,
                        running.Service,
                        running.Tier,
                        running.Endpoint,
                        running.ProxyNode,
                        running.Durations),
                ],
                [])
            : Decision.Nothing;
    }

    /// <summary>
    /// The clone cannot have the cell's allocation: the cell fails, the driver goes on; with another clone if this one has
    /// ended, of which the refusal may tell before <see cref="VmExited"/> does.
    /// </summary>
    public static Decision On(MatrixState matrix, SandboxState sandbox, AllocationRefused refused, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(refused);
        if (matrix.Running is not { } running || running.ExperimentId != refused.RequestId)
            return Decision.Nothing;
        return refused.Ended
            ? LoseClone(matrix, sandbox, refused.Vm, refused.Reason, cause)
            : Continue(matrix, sandbox, cause, Fail(running, $"allocation of {running.Cpu} refused: {refused.Reason}"));
    }

    /// <summary>The proxies have measured: a result, or the reason why it is none; the driver goes on.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="sandbox">Who holds the sandbox.</param>
    /// <param name="measured">What the proxies say.</param>
    /// <param name="cause">The message that is being handled.</param>
    /// <param name="power">What the host agents measured meanwhile.</param>
    public static Decision On(
        MatrixState matrix, SandboxState sandbox, ReplayMeasured measured, Cause cause, ExperimentPower? power = null)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(measured);
        if (matrix.Running is not { } running || running.ExperimentId != measured.RequestId)
            return Decision.Nothing;
        return measured is { Failure: null, Online: { } online, Sandbox: { } clone }
            ? Continue(
                matrix,
                sandbox,
                cause,
                new ExperimentCompleted(
                    running.MatrixId,
                    running.ExperimentId,
                    running.Cell,
                    running.Cpu,
                    running.Purpose,
                    measured.From,
                    measured.To,
                    online,
                    clone,
                    measured.Matches,
                    power?.Online,
                    power?.Sandbox))
            : Continue(matrix, sandbox, cause, Fail(running, measured.Failure ?? "the proxies measured nothing"));
    }

    /// <summary>The clone died: its experiment fails with the reason, and the driver goes on with another clone.</summary>
    public static Decision On(MatrixState matrix, SandboxState sandbox, VmExited exited, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(exited);
        return matrix.ReadyClone?.CloneName == exited.Vm || matrix.PendingClone?.CloneName == exited.Vm
            ? LoseClone(matrix, sandbox, exited.Vm, exited.Reason, cause)
            : Decision.Nothing;
    }

    /// <summary>A wait is over. A timer that no longer matters decides nothing.</summary>
    public static Decision On(MatrixState matrix, SandboxState sandbox, TimerElapsed timer, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(timer);
        return timer.Kind switch
        {
            TimerKind.SandboxRetry => AcquireClone(matrix, sandbox, cause),
            TimerKind.CloneOverdue when matrix.PendingClone?.RequestId == timer.Subject =>
                LoseClone(matrix, sandbox, matrix.PendingClone.CloneName, "the host agent has not answered", cause),
            TimerKind.ExperimentOverdue when matrix.Running?.ExperimentId == timer.Subject =>
                Continue(matrix, sandbox, cause, Fail(matrix.Running, "no measurement came in time")),
            _ => Decision.Nothing,
        };
    }

    private static Decision LoseClone(MatrixState matrix, SandboxState sandbox, string clone, string reason, Cause cause)
    {
        List<IDomainEvent> events = [];
        if (matrix.Running is { } running)
            events.Add(Fail(running, $"the clone died: {reason}"));
        events.Add(new CloneFailed(matrix.Settings.MatrixId, clone, reason));
        var after = events.Aggregate(matrix, MatrixState.Evolve);
        if (after.CloneAttempts >= MaximumCloneAttempts)
        {
            events.Add(End(after, $"no clone could be made: {reason}", cause));
            return new Decision(
                events,
                [.. sandbox.Release(matrix.Settings.Sandbox.Machine, Streams.Matrix(matrix.Settings.MatrixId))]);
        }

        var next = AcquireClone(after, sandbox, cause);
        return new Decision([.. events, .. next.Matrix], next.Sandbox);
    }

    /// <summary>Adds <paramref name="first"/>, then prunes, starts the next experiment, asks for another clone, or ends.</summary>
    private static Decision Continue(MatrixState matrix, SandboxState sandbox, Cause cause, IDomainEvent first)
    {
        List<IDomainEvent> events = [first];
        var state = MatrixState.Evolve(matrix, first);
        if (ExperimentDriver.Prune(state) is { } pruned)
        {
            events.Add(pruned);
            state = MatrixState.Evolve(state, pruned);
        }

        var (cell, reason) = ExperimentDriver.Next(state, cause.At);
        if (cell is null)
        {
            events.Add(End(state, reason, cause));
            return new Decision(
                events,
                [.. sandbox.Release(state.Settings.Sandbox.Machine, Streams.Matrix(state.Settings.MatrixId))]);
        }

        if (state.ReadyClone is not { } clone)
        {
            var next = AcquireClone(state, sandbox, cause);
            return new Decision([.. events, .. next.Matrix], next.Sandbox);
        }

        var settings = state.Settings;
        events.Add(new ExperimentStarted(
            settings.MatrixId,
            DeterministicId.From(cause.MessageId, "experiment"),
            cell,
            [.. settings.Dimensions.Select((dimension, i) => dimension.ValueAt(cell[i]))],
            state.CpuOf(cell) ?? new CpuShare(1),
            state.ValueOf(cell, ResourceNames.Memory) is { } mebibytes ? MemorySize.FromMebibytes((long)mebibytes) : null,
            state.Purpose,
            settings.Service,
            settings.Tier,
            clone.CloneName,
            clone.Endpoint,
            settings.Sandbox.Agent,
            settings.ProxyNode,
            settings.Durations,
            cause.At,
            state.ValueOf(cell, ResourceNames.Frequency) is { } megahertz ? Frequency.FromMegahertz(megahertz) : null));
        return new Decision(events, []);
    }

    private static ExperimentFailed Fail(ExperimentStarted running, string reason) =>
        new(running.MatrixId, running.ExperimentId, running.Cell, running.Purpose, reason);

    private static ExperimentsEnded End(MatrixState matrix, string reason, Cause cause) =>
        new(
            matrix.Settings.MatrixId,
            matrix.Purpose,
            reason,
            matrix.Settings.Service,
            matrix.Settings.Tier,
            matrix.Settings.ProxyNode,
            matrix.Settings.Sandbox.Agent,
            matrix.ReadyClone?.CloneName,
            cause.At);

    /// <summary>What follows, for the two streams that change together.</summary>
    /// <param name="Matrix">Events for the matrix' stream.</param>
    /// <param name="Sandbox">Events for the sandbox' stream.</param>
    public sealed record Decision(IReadOnlyList<IDomainEvent> Matrix, IReadOnlyList<IDomainEvent> Sandbox)
    {
        /// <summary>Nothing follows.</summary>
        public static Decision Nothing { get; } = new([], []);
    }
}
