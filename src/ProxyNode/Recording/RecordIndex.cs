namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Recorded exchanges by key, those of a key by arrival. A look-up takes a time that grows with the logarithm of how many share
/// the key: a service that asks its next tier always the same has one key with everything under it.
/// </summary>
internal sealed class RecordIndex
{
    private readonly Dictionary<UInt128, Entries> byKey = [];

    /// <summary>Adds an exchange.</summary>
    public void Add(UInt128 key, RecordedExchange exchange)
    {
        if (!byKey.TryGetValue(key, out var entries))
            byKey.Add(key, entries = new Entries());
        entries.Add(exchange);
    }

    /// <summary>Removes an exchange.</summary>
    public void Remove(UInt128 key, RecordedExchange exchange)
    {
        if (byKey.TryGetValue(key, out var entries) && entries.Remove(exchange))
            byKey.Remove(key);
    }

    /// <summary>An exchange has answered a request.</summary>
    public void Use(UInt128 key, RecordedExchange exchange)
    {
        if (byKey.TryGetValue(key, out var entries))
            entries.Use(exchange);
    }

    /// <summary>
    /// The first unused exchange that arrived within a time before; else the one whose arrival is nearest, of those that are
    /// unused if there are any; null without any.
    /// </summary>
    /// <param name="key">Of the exchange.</param>
    /// <param name="arrival">When it should have arrived.</param>
    /// <param name="lag">How much earlier it may have arrived and still come first.</param>
    public RecordedExchange? Nearest(UInt128 key, long arrival, long lag = 0) =>
        byKey.TryGetValue(key, out var entries)
            ? (lag > 0 ? entries.FirstUnused(arrival - lag, arrival) : null) ?? entries.NearestUnused(arrival) ?? entries.Nearest(arrival)
            : null;

    /// <summary>Lets go of everything.</summary>
    public void Clear() => byKey.Clear();

    private static RecordedExchange? Nearer(RecordedExchange? before, RecordedExchange? after, long arrival) =>
        before is null ? after
        : after is null || arrival - before.Arrival <= after.Arrival - arrival ? before
        : after;

    /// <summary>
    /// Exchanges of one key: all in an array, since they come nearly in order and go from its front, and in a tree those that
    /// were not used yet, since these become few among many.
    /// </summary>
    private sealed class Entries
    {
        private readonly List<RecordedExchange> all = [];
        private readonly SortedSet<RecordedExchange> unused = new(RecordedExchange.ByArrival);
        private int first;

        public void Add(RecordedExchange exchange)
        {
            all.Insert(Place(exchange), exchange);
            unused.Add(exchange);
        }

        /// <summary>Removes one; true when it was the last.</summary>
        public bool Remove(RecordedExchange exchange)
        {
            unused.Remove(exchange);
            if (first < all.Count && all[first] == exchange)
                all[first++] = null!;
            else if (Place(exchange) is var place && place < all.Count && all[place] == exchange)
                all.RemoveAt(place);
            // Half of it is empty: as many were removed since the last time as are moved now.
            if (first > 32 && first * 2 > all.Count)
            {
                all.RemoveRange(0, first);
                first = 0;
            }

            return first == all.Count;
        }

        public void Use(RecordedExchange exchange) => unused.Remove(exchange);

        public RecordedExchange? FirstUnused(long from, long to) =>
            unused.GetViewBetween(RecordedExchange.Place(from), RecordedExchange.Place(to)).Min;

        public RecordedExchange? NearestUnused(long arrival)
        {
            if (unused.Count == 0)
                return null;
            var at = RecordedExchange.Place(arrival);
            var (oldest, newest) = (unused.Min!, unused.Max!);
            return Nearer(
                oldest.Arrival <= arrival ? unused.GetViewBetween(oldest, at).Max : null,
                newest.Arrival > arrival ? unused.GetViewBetween(at, newest).Min : null,
                arrival);
        }

        public RecordedExchange? Nearest(long arrival)
        {
            var place = Place(RecordedExchange.Place(arrival));
            return Nearer(place > first ? all[place - 1] : null, place < all.Count ? all[place] : null, arrival);
        }

        /// <summary>Where it is, or belongs.</summary>
        private int Place(RecordedExchange exchange)
        {
            if (first == all.Count || RecordedExchange.ByArrival.Compare(all[^1], exchange) < 0)
                return all.Count;
            var found = all.BinarySearch(first, all.Count - first, exchange, RecordedExchange.ByArrival);
            return found < 0 ? ~found : found;
        }
    }
}
