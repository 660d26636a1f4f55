using JustRunIt.ProxyNode.Measuring;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>What a record is for: a clone that asks so much later what the on-line server asked.</summary>
/// <param name="TimeShift">How much later.</param>
/// <param name="Matches">Counts how it was answered.</param>
internal sealed record RecordUse(TimeSpan TimeShift, MatchCounter Matches)
{
    /// <summary>Samples of what was not found again.</summary>
    public MatchSamples Samples { get; } = new();
}
