using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sandboxes;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// The on-line server's recent requests to a next tier with their replies (DESIGN §5). Looked up by hash, over all
/// connections, since which pooled connection serves a request is chance. Bounded in memory and age; the oldest goes first.
/// </summary>
internal sealed class Record(long memoryLimit, TimeProvider clock)
{
    /// <summary>Bytes that an exchange takes besides its reply: itself, and its places in three indices.</summary>
    private const int Overhead = 600;

    /// <summary>Most different requests whose last reply is kept for good.</summary>
    private const int MostLasting = 10_000;

    /// <summary>Bytes of a request that are kept, for samples of what is only nearest.</summary>
    public const int KeptOfRequest = 1024;

    private readonly Lock gate = new();
    private readonly Queue<RecordedExchange> byAge = new();
    private readonly RecordIndex exact = new();
    private readonly RecordIndex wildcard = new();
    private readonly RecordIndex equivalent = new();
    private readonly Dictionary<UInt128, RecordedReply> lasting = [];
    private readonly ReplyStore replies = new();
    private readonly Stack<RecordedExchange> spare = new();
    private long bytes;
    private long sequence;

    /// <summary>
    /// What the on-line server calls a value that its clone has drawn itself, such as a session's name: the clone's first.
    /// </summary>
    public Identities Names { get; private set; } = new();

    /// <summary>The dialogue of an on-line connection, for what a server says before it is asked; null while none was seen.</summary>
    public Dialogue? Original { get; set; }

    /// <summary>Who was let in by the next tier.</summary>
    public LogIns LogIns { get; } = new();

    /// <summary>Who was not answered.</summary>
    public SandboxRefusals Refused { get; } = new();

    /// <summary>Exchanges held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return byAge.Count;
        }
    }

    /// <summary>Adds an exchange, and lets go of those that arrived before <paramref name="oldest"/>.</summary>
    /// <param name="keys">Of its request.</param>
    /// <param name="reply">What was answered.</param>
    /// <param name="closes">Whether the connection ended with it.</param>
    /// <param name="arrival">When it arrived.</param>
    /// <param name="answered">When it was answered.</param>
    /// <param name="oldest">The first arrival that is kept.</param>
    /// <param name="previous">What came before it on its connection; null for nothing.</param>
    /// <param name="request">The request, of which the beginning is kept for samples.</param>
    public RecordPlace Add(
        in RequestKeys keys,
        ReadOnlySpan<byte> reply,
        bool closes,
        long arrival,
        long answered,
        long oldest,
        RecordPlace? previous = null,
        ReadOnlySpan<byte> request = default)
    {
        var asked = request[..Math.Min(request.Length, KeptOfRequest)];
        lock (gate)
        {
            var exchange = spare.TryPop(out var again) ? again : new RecordedExchange();
            var delay = clock.GetElapsedTime(arrival, answered);
            exchange.Set(keys, arrival, sequence++, delay, replies.Keep(reply), closes, replies.Keep(asked));
            var place = exchange.Place;
            if (previous?.Held is { } before)
                before.Next = place;
            byAge.Enqueue(exchange);
            bytes += exchange.HeldLength + Overhead;
            exact.Add(keys.Exact, exchange);
            // Without a wildcard in it, it is found under the exact key.
            if (keys.Wildcard != keys.Exact)
                wildcard.Add(keys.Wildcard, exchange);
            equivalent.Add(keys.Equivalent, exchange);
            while (byAge.Count > 1 && (bytes > memoryLimit || byAge.Peek().Arrival < oldest))
                Evict(byAge.Dequeue());
            return place;
        }
    }

    /// <summary>
    /// Keeps the last reply to a request that is asked once for a connection: how many connections a clone opens, and when, is
    /// its own affair.
    /// </summary>
    public void AddLasting(in RequestKeys keys, ReadOnlySpan<byte> reply, long arrival, long answered)
    {
        lock (gate)
        {
            if (lasting.Count < MostLasting || lasting.ContainsKey(keys.Exact))
                lasting[keys.Exact] = new RecordedReply(arrival, clock.GetElapsedTime(arrival, answered), reply.ToArray(), Closes: false);
        }
    }

    /// <summary>
    /// The recorded exchange that answers a clone's request: of those that are equal the one that came after the last
    /// one on its connection, else the first that is not too old, each used once before any is used again; of others the nearest in
    /// time. A clone asks later than it should, seldom earlier, and what it asks twice was answered in the same order, as before
    /// and after a change.
    /// </summary>
    /// <param name="keys">Of the clone's request.</param>
    /// <param name="expectedArrival">When the original's request should have arrived.</param>
    /// <param name="lag">How much later than that the clone may ask; what is older than this was left out by it.</param>
    /// <param name="previous">What answered the clone's connection the last time; null for nothing.</param>
    public (RecordedReply? Reply, MatchKind Kind) Find(
        in RequestKeys keys, long expectedArrival, long lag = 0, RecordPlace? previous = null)
    {
        lock (gate)
        {
            // What is asked together was answered together: with the delays of two connections it would not be.
            if (previous?.Held?.Next?.Held is { } next && next.Keys.Exact == keys.Exact
                && next.Arrival <= expectedArrival && next.Arrival > expectedArrival - lag && exact.IsUnused(keys.Exact, next))
                return (Use(next), MatchKind.Exact);
            if (exact.Nearest(keys.Exact, expectedArrival, lag) is { } same)
                return (Use(same), MatchKind.Exact);
            if (lasting.TryGetValue(keys.Exact, out var kept))
                return (kept, MatchKind.Exact);
            if (keys.Part is { } part && exact.Nearest(part, expectedArrival, lag) is { } unread)
                return (Use(unread), MatchKind.Exact);
            if (Alike(keys, expectedArrival) is { } alike)
            {
                if (keys.Values is { } clones && alike.Keys.Values is { } originals && clones.Count == originals.Count)
                {
                    foreach (var (clone, original) in clones.Zip(originals))
                        Names.Pair(clone, original);
                }

                return (Use(alike), MatchKind.Wildcard);
            }

            return equivalent.Nearest(keys.Equivalent, expectedArrival) is { } near
                ? (Use(near, withRequest: true), MatchKind.Nearest)
                : (null, MatchKind.Missing);
        }
    }

    /// <summary>Lets go of everything but what lasts.</summary>
    public void Clear()
    {
        lock (gate)
        {
            foreach (var exchange in byAge)
                exchange.Forget();
            byAge.Clear();
            exact.Clear();
            wildcard.Clear();
            equivalent.Clear();
            replies.Clear();
            spare.Clear();
            Names = new Identities();
            bytes = 0;
        }
    }

    /// <summary>Recorded with other values in its wildcards, or without any.</summary>
    private RecordedExchange? Alike(in RequestKeys keys, long expectedArrival) =>
        wildcard.Nearest(keys.Wildcard, expectedArrival)
        ?? (keys.Wildcard == keys.Exact ? null : exact.Nearest(keys.Wildcard, expectedArrival));

    private RecordedReply Use(RecordedExchange exchange, bool withRequest = false)
    {
        exact.Use(exchange.Keys.Exact, exchange);
        wildcard.Use(exchange.Keys.Wildcard, exchange);
        equivalent.Use(exchange.Keys.Equivalent, exchange);
        return exchange.ToReply(withRequest);
    }

    private void Evict(RecordedExchange exchange)
    {
        bytes -= exchange.HeldLength + Overhead;
        exact.Remove(exchange.Keys.Exact, exchange);
        wildcard.Remove(exchange.Keys.Wildcard, exchange);
        equivalent.Remove(exchange.Keys.Equivalent, exchange);
        exchange.LetGo(replies);
        spare.Push(exchange);
    }
}
