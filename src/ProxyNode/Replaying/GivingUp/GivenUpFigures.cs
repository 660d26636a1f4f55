using System.Collections.Immutable;

namespace JustRunIt.ProxyNode.Replaying.GivingUp;

/// <summary>What was given up for one reason.</summary>
/// <param name="Count">Duplicates.</param>
/// <param name="Samples">A few of them, or what the clone said, each in a line.</param>
internal sealed record GivenUpFigures(long Count, ImmutableArray<string> Samples)
{
    /// <summary>What came after a moment; the samples are the last ones, whenever they came.</summary>
    public GivenUpFigures Since(GivenUpFigures? before) => before is null ? this : this with { Count = Count - before.Count };
}
