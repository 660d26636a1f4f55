using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Store;

namespace JustRunIt.Services.Placement;

/// <summary>Load, decide, append on a data centre's stream, and on the matrix' that a decision reads.</summary>
internal sealed class PlacementProcess(EventStore store)
{
    /// <summary>Decides on the data centre alone; an answer that belongs to another kind of stream is not for us.</summary>
    public async Task HandleAsync(
        string subject, Cause cause, Func<DataCenterState, string, IEnumerable<IDomainEvent>> decide, CancellationToken cancellation)
    {
        if (!Streams.IsDataCenter(subject, out var dataCenter))
            return;
        await using var work = store.Begin(cause);
        var history = await work.LoadAsync<DataCenterState>(subject, cancellation);
        work.Append(subject, history.Decide(cause, state => decide(state, dataCenter)));
        await work.CommitAsync(cancellation);
    }

    /// <summary>Decides allocation and placement from a matrix.</summary>
    public async Task DecideAsync(Guid matrixId, Cause cause, CancellationToken cancellation)
    {
        await using var work = store.Begin(cause);
        var matrixStream = Streams.Matrix(matrixId);
        var matrix = await work.LoadAsync<MatrixState>(matrixStream, cancellation);
        if (matrix.State.Opened is not { } opened)
            return;
        var stream = Streams.DataCenter(opened.DataCenter);
        var history = await work.LoadAsync<DataCenterState>(stream, cancellation);
        if (history.HandledCauses.Contains(cause.MessageId))
            return;
        var decision = PlacementDecider.Decide(history.State, matrix.State, matrix.Version, cause);
        work.Append(stream, decision.DataCenter);
        work.Append(matrixStream, decision.Matrix);
        await work.CommitAsync(cancellation);
    }
}
