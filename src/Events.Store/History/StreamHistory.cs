using System.Runtime.CompilerServices;
using JustRunIt.Events.Auditing;
using Npgsql;

namespace JustRunIt.Events.Store.History;

/// <summary>Reads single streams, page by page: the first events are there at once, however long the stream is.</summary>
/// <param name="connection">To the database; nobody else uses it meanwhile.</param>
/// <param name="pageSize">Events that are read at a time, and held in memory.</param>
public sealed class StreamHistory(NpgsqlConnection connection, int pageSize = StreamHistory.PageSize) : IHistory
{
    private const int PageSize = 200;

    /// <inheritdoc />
    public async IAsyncEnumerable<PastEvent> ReadAsync(
        string stream, long after, long upTo, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // With a limit, so that the planner goes by the index of stream and version.
        var condition = $"stream_id = $1 AND version > $2 AND version <= $3 ORDER BY version LIMIT {pageSize}";
        while (after < upTo)
        {
            var page = await EventRows.ReadAsync(
                connection,
                condition,
                [EventRows.Stream(stream), EventRows.Number(after), EventRows.Number(upTo)],
                cancellation).ConfigureAwait(false);
            foreach (var e in page)
                yield return e;
            if (page.Count < pageSize)
                yield break;
            after = page[^1].Version;
        }
    }
}
