using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Replaying.Ordering;

/// <summary>
/// A total order of a database's writes (§2.2.1): that in which the original completed them. A statement that has completed
/// needs no lock that a later one holds, so the clone can execute the writes one after another in this order, and ends up with
/// the same data. Reads go in between as they come, but after everything that was written before they were asked.
/// </summary>
/// <remarks>
/// A server lets go of a transaction's locks before it says so: a statement that waited for them may be answered before the
/// commit is. A statement that ends a transaction, or was given up, therefore waits only for what was completed before it
/// arrived; it waits for no lock itself. Two statements that the original worked on at the same time, both without a transaction, are
/// taken to have happened in the order of their replies. Where that was wrong, the clone may wait for a lock that only a later
/// statement frees: a write that makes no progress for long is set aside, and the later ones overtake it. Whatever else its session has
/// written waits behind it and not in front of the others: a clone's session that hangs holds nobody but itself.
/// </remarks>
internal sealed class WriteOrder
{
    /// <summary>
    /// How long nothing may move before the first write is set aside: far longer than a statement that waits for no lock.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>While one session is set aside, what stands still most likely waits for it.</summary>
    private static readonly TimeSpan PatienceMeanwhile = TimeSpan.FromSeconds(2);

    private const int SlowerThanOnline = 4;

    private readonly Lock gate = new();
    private readonly LinkedList<Exchange> completed = new();
    private readonly Dictionary<Exchange, LinkedListNode<Exchange>> places = [];
    private readonly Dictionary<Exchange, TaskCompletionSource> waiting = [];
    // Sessions that were set aside, and what each of them works on.
    private readonly Dictionary<ShadowConnection, Exchange> aside = [];
    private long movedAt;
    private long overtaken;

    /// <summary>Writes that were set aside because nothing moved.</summary>
    public long Overtaken => Interlocked.Read(ref overtaken);

    /// <summary>The original has completed a write.</summary>
    public void CompletedOnline(Exchange exchange)
    {
        if (exchange.Order == SqlOrder.Reads)
            return;
        lock (gate)
        {
            if (exchange.IsShed || exchange.Sandbox.EndedAt != 0 || places.ContainsKey(exchange))
                return;
            places[exchange] = aside.ContainsKey(exchange.Shadow) ? new LinkedListNode<Exchange>(exchange) : Insert(exchange);
            // One more that was completed lets nobody else go: the on-line thread that tells of it looks at no other.
            if (waiting.TryGetValue(exchange, out var turn) && MayGo(exchange) && waiting.Remove(exchange))
                turn.TrySetResult();
        }
    }

    /// <summary>Waits until every write that must come before has been repeated.</summary>
    public async Task TurnAsync(Exchange exchange, TimeProvider clock, CancellationToken stop)
    {
        var turn = Wait(exchange, clock);
        while (!turn.IsCompleted)
        {
            try
            {
                await turn.WaitAsync(PatienceNow(), clock, stop).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                SetFirstAside(clock);
            }
        }
    }

    /// <summary>The exchange's turn; done as soon as it has come, whether anybody hears of that yet or not.</summary>
    public Task Wait(Exchange exchange, TimeProvider clock)
    {
        lock (gate)
        {
            if (MayGo(exchange))
                return Task.CompletedTask;
            if (movedAt == 0)
                movedAt = clock.GetTimestamp();
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
            {
                if (completed.First == place)
                    movedAt = 0;
                if (place.List is not null)
                    completed.Remove(place);
            }

            if (aside.TryGetValue(exchange.Shadow, out var hung) && hung == exchange)
                aside.Remove(exchange.Shadow);

            Wake();
        }
    }

    private void SetFirstAside(TimeProvider clock)
    {
        lock (gate)
        {
            if (completed.First is not { } first)
                return;
            if (movedAt == 0)
                movedAt = clock.GetTimestamp();
            var patience = SlowerThanOnline * clock.GetElapsedTime(first.Value.Arrival, first.Value.CompletedAt);
            var least = aside.Count == 0 ? Patience : PatienceMeanwhile;
            if (clock.GetElapsedTime(movedAt) < (patience > least ? patience : least))
                return;
            var session = first.Value.Shadow;
            aside[session] = first.Value;
            for (LinkedListNode<Exchange>? next = first, after; next is not null; next = after)
            {
                after = next.Next;
                if (next.Value.Shadow != session)
                    continue;
                // It keeps its place among those that are known, so that it is not put in order again.
                completed.Remove(next);
                overtaken++;
            }

            movedAt = 0;
            Wake();
        }
    }

    private TimeSpan PatienceNow()
    {
        lock (gate)
            return aside.Count == 0 ? Patience : PatienceMeanwhile;
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
            || (places.TryGetValue(exchange, out var place) && place.List is null)
            || ((exchange.Order != SqlOrder.Ordered || exchange.Shadow.Session.IsGivenUp(exchange.Online.Status))
                && (first is null || first.CompletedAt >= exchange.Arrival));
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
