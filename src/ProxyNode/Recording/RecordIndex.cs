namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Recorded exchanges by key, those of a key by arrival. Every operation takes a time that grows with the logarithm of how
/// many share the key: a service that asks its next tier always the same has one key with everything under it.
/// </summary>
internal sealed class RecordIndex
{
    private readonly Dictionary<UInt128, Entries> byKey = [];

    /// <summary>Adds an exchange.</summary>
    public void Add(UInt128 key, RecordedExchange exchange)
    {
        if (!byKey.TryGetValue(key, out var entries))
            byKey.Add(key, entries = new Entries());
        entries.All.Add(exchange);
        entries.Unused.Add(exchange);
    }

    /// <summary>Removes an exchange.</summary>
    public void Remove(UInt128 key, RecordedExchange exchange)
    {
        var entries = byKey[key];
        entries.All.Remove(exchange);
        entries.Unused.Remove(exchange);
        if (entries.All.Count == 0)
            byKey.Remove(key);
    }

    /// <summary>An exchange has answered a request.</summary>
    public void Use(UInt128 key, RecordedExchange exchange) => byKey[key].Unused.Remove(exchange);

    /// <summary>
    /// The first unused exchange that arrived within a time before; else the one whose arrival is nearest, of those that are
    /// unused if there are any; null without any.
    /// </summary>
    /// <param name="key">Of the exchange.</param>
    /// <param name="arrival">When it should have arrived.</param>
    /// <param name="lag">How much earlier it may have arrived and still come first.</param>
    public RecordedExchange? Nearest(UInt128 key, long arrival, long lag = 0)
    {
        if (!byKey.TryGetValue(key, out var entries))
            return null;
        var first = lag > 0
            ? entries.Unused.GetViewBetween(RecordedExchange.Place(arrival - lag), RecordedExchange.Place(arrival)).Min
            : null;
        return first ?? Nearest(entries.Unused, arrival) ?? Nearest(entries.All, arrival);
    }

    /// <summary>Lets go of everything.</summary>
    public void Clear() => byKey.Clear();

    private static RecordedExchange? Nearest(SortedSet<RecordedExchange> set, long arrival)
    {
        if (set.Count == 0)
            return null;
        var place = RecordedExchange.Place(arrival);
        var (first, last) = (set.Min!, set.Max!);
        var before = first.Arrival <= arrival ? set.GetViewBetween(first, place).Max : null;
        var after = last.Arrival > arrival ? set.GetViewBetween(place, last).Min : null;
        return before is null ? after
            : after is null || arrival - before.Arrival <= after.Arrival - arrival ? before
            : after;
    }

    private sealed class Entries
    {
        public SortedSet<RecordedExchange> All { get; } = new(RecordedExchange.ByArrival);

        public SortedSet<RecordedExchange> Unused { get; } = new(RecordedExchange.ByArrival);
    }
}
