using JustRunIt.Events.Proxies;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>What was counted when a report was started anew. The counts themselves go on, for metrics never fall.</summary>
/// <param name="At">Timestamp.</param>
/// <param name="Matches">How the clone's requests had been answered.</param>
/// <param name="Shed">Duplicates that had been shed.</param>
/// <param name="Differences">Replies that had differed.</param>
internal sealed record Baseline(long At, MatchCounts? Matches, long Shed, Differences? Differences)
{
    /// <summary>What has been matched since.</summary>
    public Matches? Since(MatchCounts? now) => now is null ? null : new Matches(
        now.Exact - (Matches?.Exact ?? 0),
        now.Wildcard - (Matches?.Wildcard ?? 0),
        now.Nearest - (Matches?.Nearest ?? 0),
        now.Missing - (Matches?.Missing ?? 0));

    /// <summary>What has differed since; of the samples, those that came since.</summary>
    public Differences? Since(Differences? now) => now is null || Differences is not { } before ? now : new Differences(
        now.Compared - before.Compared,
        now.Status - before.Status,
        now.Length - before.Length,
        now.Content - before.Content,
        [.. now.Samples.Skip(before.Samples.Count)]);
}
