namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// A total order of a database's writes (§2.2.1): that in which the original completed them. A statement that has completed
/// needs no lock that a later one holds, so the clone can execute the writes one after another in this order, and ends up with
/// the same data; reads go in between as they come.
/// </summary>
/// <remarks>
/// A server lets go of a transaction's locks before it says so: a statement that waited for them may be answered before the
/// commit is. A statement that ends a transaction therefore waits only for what was completed before it arrived; it waits for
/// no lock itself. Two statements that the original worked on at the same time, both without a transaction, are taken to have
/// happened in the order of their replies.
/// </remarks>
internal sealed class WriteOrder
{
    private readonly Lock gate = new();
    private readonly LinkedList<Exchange> completed = new();
    private readonly Dictionary<Exchange, LinkedListNode<Exchange>> places = [];
    private readonly Dictionary<Exchange, TaskCompletionSource> waiting = [];

    /// <summary>The original has completed a write.</summary>
    public void CompletedOnline(Exchange exchange)
    {
        lock (gate)
        {
            if (exchange.IsShed || exchange.Sandbox.EndedAt != 0 || places.ContainsKey(exchange))
                return;
            places[exchange] = Insert(exchange);
            // One more that was completed lets nobody else go: the on-line thread that tells of it looks at no other.
            if (waiting.TryGetValue(exchange, out var turn) && MayGo(exchange) && waiting.Remove(exchange))
                turn.TrySetResult();
        }
    }

    /// <summary>Waits until every write that must come before has been repeated.</summary>
    public Task TurnAsync(Exchange exchange)
    {
        lock (gate)
        {
            if (MayGo(exchange))
                return Task.CompletedTask;
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting[exchange] = turn;
            return turn.Task;
        }
    }

    /// <summary>A write was repeated, or never will be.</summary>
    public void Done(Exchange exchange)
    {
        lock (gate)
        {
            if (waiting.Remove(exchange, out var turn))
                turn.TrySetResult();
            if (places.Remove(exchange, out var place))
                completed.Remove(place);
            Wake();
        }
    }

    /// <summary>Replies come nearly in the order of their times, but are told of by several threads.</summary>
    private LinkedListNode<Exchange> Insert(Exchange exchange)
    {
        var before = completed.Last;
        while (before is not null && before.Value.CompletedAt > exchange.CompletedAt)
            before = before.Previous;
        return before is null ? completed.AddFirst(exchange) : completed.AddAfter(before, exchange);
    }

    private bool MayGo(Exchange exchange)
    {
        var first = completed.First?.Value;
        return first == exchange
            || (exchange.Order == SqlOrder.EndsTransaction && (first is null || first.CompletedAt >= exchange.Arrival));
    }

    private void Wake()
    {
        foreach (var (exchange, turn) in waiting)
        {
            // Removing the current entry while enumerating is allowed.
            if (MayGo(exchange) && waiting.Remove(exchange))
                turn.TrySetResult();
        }
    }
}
