namespace JustRunIt.ProxyNode.Recording;

/// <summary>An on-line request to the next tier, and how it was answered.</summary>
/// <param name="Keys">What it is found by.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Sequence">Distinguishes those of the same arrival.</param>
/// <param name="Delay">From its arrival to the last byte of the reply.</param>
/// <param name="Reply">The reply's bytes, head included.</param>
/// <param name="Closes">Whether the connection ends with the reply.</param>
internal sealed record RecordedExchange(RequestKeys Keys, long Arrival, long Sequence, TimeSpan Delay, byte[] Reply, bool Closes)
{
    /// <summary>Earlier before later.</summary>
    public static IComparer<RecordedExchange> ByArrival { get; } = Comparer<RecordedExchange>.Create((a, b) =>
        a.Arrival != b.Arrival ? a.Arrival.CompareTo(b.Arrival) : a.Sequence.CompareTo(b.Sequence));

    /// <summary>Where an exchange would stand that arrived then, after all others of that time.</summary>
    public static RecordedExchange Place(long arrival) => new(default, arrival, long.MaxValue, default, [], Closes: false);
}
