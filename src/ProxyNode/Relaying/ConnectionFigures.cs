namespace JustRunIt.ProxyNode.Relaying;

/// <summary>A proxy's connections: as many as arrived are open or have ended for some reason.</summary>
/// <param name="Arrived">Connections that clients have opened.</param>
/// <param name="Open">Those that are open.</param>
/// <param name="Most">Most that are taken.</param>
/// <param name="Ended">Those that have ended, by why.</param>
/// <param name="Shortages">How often the system had no descriptor or no memory for a socket.</param>
/// <param name="Exchanges">What was asked over them.</param>
internal sealed record ConnectionFigures(
    long Arrived, int Open, int Most, IReadOnlyDictionary<string, long> Ended, long Shortages, ExchangeFigures Exchanges)
{
    /// <summary>The reasons in the words of reports and metrics, in the order of <see cref="ConnectionEnd"/>.</summary>
    public static IReadOnlyList<string> Reasons { get; } =
    [
        "closed", "refused-limit", "refused-source", "refused-descriptors", "shed-idle", "shed-before-log-in", "timeout-head",
        "timeout-idle", "client-gone", "drained",
    ];
}

/// <summary>Requests that wait for a reply, or did: as many as arrived are answered, failed or open.</summary>
/// <param name="Arrived">Requests that began.</param>
/// <param name="Answered">Those whose reply has passed, whatever it said.</param>
/// <param name="Failed">Those whose connection ended before the reply did.</param>
/// <param name="Open">Those that are still to be answered.</param>
internal sealed record ExchangeFigures(long Arrived, long Answered, long Failed, long Open)
{
    /// <summary>Both together.</summary>
    public ExchangeFigures Plus(ExchangeFigures other) =>
        new(Arrived + other.Arrived, Answered + other.Answered, Failed + other.Failed, Open + other.Open);
}
