using JustRunIt.Events.Proxies;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>What an experiment measured; see <see cref="ReplayMeasured"/>.</summary>
internal sealed record ReplayResult(
    DateTimeOffset From,
    DateTimeOffset To,
    SideMeasured? Online,
    SideMeasured? Sandbox,
    MatchCounts Matches,
    long Shed,
    string? Failure)
{
    /// <summary>Duplicates of the measured arrivals that were given up for another reason than memory, by why.</summary>
    public IReadOnlyDictionary<string, long> GivenUp { get; init; } = new Dictionary<string, long>();

    /// <summary>Nothing was measured.</summary>
    public static ReplayResult Failed(DateTimeOffset at, string reason) => new(at, at, null, null, new MatchCounts(0, 0, 0, 0), 0, reason);
}
