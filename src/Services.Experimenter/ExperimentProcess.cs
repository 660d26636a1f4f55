using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Store;

namespace JustRunIt.Services.Experimenter;

/// <summary>Load, decide, append for everything that a matrix waits for.</summary>
internal sealed class ExperimentProcess(EventStore store, ExplorationProcess explorations)
{
    /// <summary>Decides on a matrix' stream and its sandbox'; an answer that belongs to another kind of stream is not for us.</summary>
    public Task HandleAsync(
        string subject, Cause cause, Func<MatrixState, SandboxState, ExperimentDecider.Decision> decide, CancellationToken cancellation) =>
        HandleAsync(subject, cause, (matrix, sandbox) => Task.FromResult(decide(matrix, sandbox)), cancellation);

    /// <summary>The same, for a decision that must first read what is kept beside the streams.</summary>
    public async Task HandleAsync(
        string subject, Cause cause, Func<MatrixState, SandboxState, Task<ExperimentDecider.Decision>> decide, CancellationToken cancellation)
    {
        if (!Streams.IsMatrix(subject, out _))
            return;
        await using var work = store.Begin(cause);
        var matrix = await work.LoadAsync<MatrixState>(subject, cancellation);
        if (matrix.State.Opened is not { } opened || matrix.HandledCauses.Contains(cause.MessageId))
            return;
        var sandboxStream = Streams.Sandbox(opened.DataCenter, opened.Sandbox.Machine);
        var sandbox = await work.LoadAsync<SandboxState>(sandboxStream, cancellation);
        var decision = await decide(matrix.State, sandbox.State);
        work.Append(subject, decision.Matrix);
        work.Append(sandboxStream, decision.Sandbox);
        if (decision.Matrix.OfType<ExperimentsEnded>().FirstOrDefault() is { Purpose: ExperimentPurpose.Explore } ended)
            await explorations.AdvanceAsync(work, matrix.State, ended.Reason, cancellation);
        await work.CommitAsync(cancellation);
    }
}
