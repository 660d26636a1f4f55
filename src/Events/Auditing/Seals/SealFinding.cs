using System.Collections.Immutable;

namespace JustRunIt.Events.Auditing.Seals;

/// <summary>One place at which a store shows that it was changed.</summary>
/// <param name="Break">How.</param>
/// <param name="Sequence">Number of the event, among all; 0 where it is about a checkpoint.</param>
/// <param name="Stream">Its stream; empty where that is not known.</param>
/// <param name="Version">Its number on the stream.</param>
/// <param name="Detail">What is wrong, in one sentence.</param>
public sealed record SealFinding(SealBreak Break, long Sequence, string Stream, long Version, string Detail)
{
    /// <summary>Where it differs: recorded is what is there now, decided is what was hashed.</summary>
    public ImmutableArray<Difference> Differences { get; init; } = [];
}
