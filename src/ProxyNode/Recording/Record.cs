using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// The on-line server's recent requests to a next tier with their replies (DESIGN §5). Looked up by hash, over all
/// connections, since which pooled connection serves a request is chance. Bounded in memory and age; the oldest goes first.
/// </summary>
internal sealed class Record(long memoryLimit, TimeProvider clock)
{
    private const int Overhead = 200;

    /// <summary>Most different requests whose last reply is kept for good.</summary>
    private const int MostLasting = 10_000;

    private readonly Lock gate = new();
    private readonly Queue<RecordedExchange> byAge = new();
    private readonly Dictionary<UInt128, List<RecordedExchange>> exact = [];
    private readonly Dictionary<UInt128, List<RecordedExchange>> wildcard = [];
    private readonly Dictionary<UInt128, List<RecordedExchange>> equivalent = [];
    private readonly Dictionary<UInt128, RecordedExchange> lasting = [];
    private long bytes;

    /// <summary>
    /// What the on-line server calls a value that its clone has drawn itself, such as a session's name: the clone's first.
    /// </summary>
    public Replaying.Identities Names { get; private set; } = new();

    /// <summary>The dialogue of an on-line connection, for what a server says before it is asked; null while none was seen.</summary>
    public Dialogue? Original { get; set; }

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
    public void Add(RequestKeys keys, byte[] reply, bool closes, long arrival, long answered, long oldest)
    {
        var exchange = new RecordedExchange(keys, arrival, clock.GetElapsedTime(arrival, answered), reply, closes);
        lock (gate)
        {
            byAge.Enqueue(exchange);
            bytes += reply.Length + Overhead;
            Insert(exact, keys.Exact, exchange);
            Insert(wildcard, keys.Wildcard, exchange);
            Insert(equivalent, keys.Equivalent, exchange);
            while (byAge.Count > 1 && (bytes > memoryLimit || byAge.Peek().Arrival < oldest))
                Evict(byAge.Dequeue());
        }
    }

    /// <summary>
    /// Keeps the last reply to a request that is asked once for a connection: how many connections a clone opens, and when, is
    /// its own affair.
    /// </summary>
    public void AddLasting(RequestKeys keys, byte[] reply, long arrival, long answered)
    {
        lock (gate)
        {
            if (lasting.Count < MostLasting || lasting.ContainsKey(keys.Exact))
                lasting[keys.Exact] = new RecordedExchange(keys, arrival, clock.GetElapsedTime(arrival, answered), reply, Closes: false);
        }
    }

    /// <summary>
    /// The recorded exchange that answers a clone's request: of those that are equal the first that is not too old, each used
    /// once before any is used again; of others the nearest in time. A clone asks later than it should, seldom earlier, and
    /// what it asks twice was answered in the same order, as before and after a change.
    /// </summary>
    /// <param name="keys">Of the clone's request.</param>
    /// <param name="expectedArrival">When the original's request should have arrived.</param>
    /// <param name="lag">How much later than that the clone may ask; what is older than this was left out by it.</param>
    public (RecordedExchange? Exchange, MatchKind Kind) Find(RequestKeys keys, long expectedArrival, long lag = 0)
    {
        lock (gate)
        {
            var (found, kind) = Nearest(exact, keys.Exact, expectedArrival, lag) is { } same ? (same, MatchKind.Exact)
                : lasting.TryGetValue(keys.Exact, out var kept) ? (kept, MatchKind.Exact)
                : Nearest(wildcard, keys.Wildcard, expectedArrival, lag: 0) is { } alike ? (alike, MatchKind.Wildcard)
                : Nearest(equivalent, keys.Equivalent, expectedArrival, lag: 0) is { } near ? (near, MatchKind.Nearest)
                : (null, MatchKind.Missing);
            if (found is not null)
                found.IsUsed = true;
            if (kind == MatchKind.Wildcard && keys.Values is { } clones && found!.Keys.Values is { } originals && clones.Count == originals.Count)
            {
                foreach (var (clone, original) in clones.Zip(originals))
                    Names.Pair(clone, original);
            }

            return (found, kind);
        }
    }

    /// <summary>Lets go of everything but what lasts.</summary>
    public void Clear()
    {
        lock (gate)
        {
            byAge.Clear();
            exact.Clear();
            wildcard.Clear();
            equivalent.Clear();
            Names = new Replaying.Identities();
            bytes = 0;
        }
    }

    private static void Insert(Dictionary<UInt128, List<RecordedExchange>> index, UInt128 key, RecordedExchange exchange)
    {
        if (!index.TryGetValue(key, out var list))
            index.Add(key, list = []);
        // Sorted by arrival; replies come nearly in that order.
        var position = list.Count;
        while (position > 0 && list[position - 1].Arrival > exchange.Arrival)
            position--;
        list.Insert(position, exchange);
    }

    private static RecordedExchange? Nearest(Dictionary<UInt128, List<RecordedExchange>> index, UInt128 key, long expected, long lag)
    {
        if (!index.TryGetValue(key, out var list))
            return null;
        RecordedExchange? unused = null;
        var best = list[0];
        foreach (var candidate in list)
        {
            if (!candidate.IsUsed && candidate.Arrival >= expected - lag && candidate.Arrival <= expected)
                return candidate;
            if (Distance(candidate) < Distance(best))
                best = candidate;
            if (!candidate.IsUsed && (unused is null || Distance(candidate) < Distance(unused)))
                unused = candidate;
        }

        return unused ?? best;

        long Distance(RecordedExchange exchange) => Math.Abs(exchange.Arrival - expected);
    }

    private void Evict(RecordedExchange exchange)
    {
        bytes -= exchange.Reply.Length + Overhead;
        Remove(exact, exchange.Keys.Exact, exchange);
        Remove(wildcard, exchange.Keys.Wildcard, exchange);
        Remove(equivalent, exchange.Keys.Equivalent, exchange);
    }

    private static void Remove(Dictionary<UInt128, List<RecordedExchange>> index, UInt128 key, RecordedExchange exchange)
    {
        var list = index[key];
        list.Remove(exchange);
        if (list.Count == 0)
            index.Remove(key);
    }
}
