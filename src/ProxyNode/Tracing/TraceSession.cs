using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>
/// One session that is repeated, with identities of its own: what the server gives out to it is learnt from its own replies. A
/// request waits for those that were answered on-line before it came: the client may have built on their replies. Connections
/// are those of the original. Not safe for concurrent calls of <see cref="Due"/>.
/// </summary>
internal sealed class TraceSession(TraceReplay replay, TracePlan.Planned planned)
{
    private readonly Identities identities = new();
    private readonly Dictionary<long, TraceConnection> connections = [];
    private readonly List<(long Connection, TimeSpan End, Task Task)> open = [];
    private int next;

    /// <summary>When its next request is due, since the replay began; null when there are no more.</summary>
    public TimeSpan? NextDue => next < planned.Exchanges.Count ? planned.DueOf(next) : null;

    /// <summary>The next request is due.</summary>
    /// <param name="due">Timestamp.</param>
    public void Due(long due)
    {
        var exchange = planned.Exchanges[next++];
        if (!connections.TryGetValue(exchange.Entry.Connection, out var connection))
            connections[exchange.Entry.Connection] = connection = replay.Connect(identities);
        open.RemoveAll(earlier => earlier.Task.IsCompleted);
        Task[] before = [.. open
            .Where(earlier => earlier.Connection == exchange.Entry.Connection || earlier.End <= exchange.Entry.Arrival)
            .Select(earlier => earlier.Task)];
        open.Add((exchange.Entry.Connection, exchange.Entry.End, Task.Run(() => RepeatAsync(exchange, connection, due, before))));
        if (NextDue is null)
            _ = EndAsync();
    }

    private async Task RepeatAsync(TraceFile.Recorded exchange, TraceConnection connection, long due, Task[] before)
    {
        var hadToWait = before.Length > 0 && !Array.TrueForAll(before, earlier => earlier.IsCompleted);
        await Task.WhenAll(before).ConfigureAwait(false);
        await replay.RepeatAsync(exchange, connection, identities, due, hadToWait).ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        await Task.WhenAll(open.Select(exchange => exchange.Task)).ConfigureAwait(false);
        foreach (var connection in connections.Values)
            connection.Dispose();
    }
}
