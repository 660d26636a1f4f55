namespace JustRunIt.Events.Proxies;

/// <summary>How the out-proxies answered the clone's requests (DESIGN §5).</summary>
/// <param name="Exact">Equal to a recorded request.</param>
/// <param name="Wildcard">Equal but for declared non-deterministic fields.</param>
/// <param name="Nearest">Answered with an equivalent.</param>
/// <param name="Missing">Answered with the protocol's own error.</param>
public sealed record MatchCounts(long Exact, long Wildcard, long Nearest, long Missing);
