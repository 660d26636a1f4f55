using JustRunIt.ProxyNode.Replaying.Accounting;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.StandAlone;

/// <summary>What was counted when a report was started anew. The counts themselves go on, for metrics never fall.</summary>
/// <param name="At">Timestamp.</param>
/// <param name="Matches">How the clone's requests had been answered, since whoever counts them was started.</param>
/// <param name="Duplicates">What had become of the duplicates.</param>
/// <param name="Differences">Replies that had differed.</param>
internal sealed record Baseline(long At, Matches? Matches, DuplicateFigures? Duplicates, Differences? Differences)
{
    /// <summary>What has differed since; the samples are forgotten when a report is started anew.</summary>
    public Differences? Since(Differences? now) => now is null || Differences is not { } before ? now : new Differences(
        now.Compared - before.Compared,
        now.Status - before.Status,
        now.Length - before.Length,
        now.Content - before.Content,
        now.Samples);
}
