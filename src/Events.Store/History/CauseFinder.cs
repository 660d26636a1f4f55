using System.Runtime.CompilerServices;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.Telling;
using Npgsql;

namespace JustRunIt.Events.Store.History;

/// <summary>
/// Follows causation back across streams: from an event to the message that it follows from; where that is an event, to it; where it is
/// a timer, a command or the answer to one, to the event that this follows from.
/// </summary>
/// <param name="connection">To the database.</param>
public sealed class CauseFinder(NpgsqlConnection connection)
{
    /// <summary>No chain is so long; one that a changed store closes to a ring ends here.</summary>
    private const int MostSteps = 100;

    private const int PageSize = 200;

    /// <summary>So far before what follows from it an event is looked for, in events: there is no index of their ids.</summary>
    private const int MostBefore = 200_000;

    /// <summary>The chain of causes: the event before, where it can be found, and the message; the nearest first.</summary>
    public async IAsyncEnumerable<(CausingMessage Message, PastEvent? Event)> FindAsync(
        PastEvent e, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var step = 0; step < MostSteps && CausingMessage.Of(e) is { } message; step++)
        {
            var before = message.IsEvent
                ? await OfIdAsync(message.Id, e.Sequence, cancellation).ConfigureAwait(false)
                : await AskingAsync(message, e.Sequence, cancellation).ConfigureAwait(false);
            yield return (message, before);
            if (before is null)
                yield break;
            e = before;
        }
    }

    private async Task<PastEvent?> OfIdAsync(Guid id, long before, CancellationToken cancellation)
    {
        // Backwards by the sequence: a cause lies near, mostly.
        var found = await EventRows.ReadAsync(
            connection,
            "seq_id < $1 AND seq_id > $2 AND id = $3 ORDER BY seq_id DESC LIMIT 1",
            [
                EventRows.Number(before),
                EventRows.Number(before - MostBefore),
                new NpgsqlParameter<Guid> { TypedValue = id },
            ],
            cancellation).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    private async Task<PastEvent?> AskingAsync(CausingMessage message, long before, CancellationToken cancellation)
    {
        if (message.AnsweredStream is not { } stream)
            return null;
        for (var version = long.MaxValue; ;)
        {
            var page = await EventRows.ReadAsync(
                connection,
                $"stream_id = $1 AND version < $2 AND seq_id < $3 ORDER BY version DESC LIMIT {PageSize}",
                [EventRows.Stream(stream), EventRows.Number(version), EventRows.Number(before)],
                cancellation).ConfigureAwait(false);
            if (page.Find(message.FollowsFrom) is { } asking)
                return asking;
            if (page.Count < PageSize)
                return null;
            version = page[^1].Version;
        }
    }
}
