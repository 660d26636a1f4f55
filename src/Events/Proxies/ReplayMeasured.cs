using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Proxies;

/// <summary>A proxy node's answer to <see cref="StartReplay"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The experiment.</param>
/// <param name="ProxyNode">The proxy node.</param>
/// <param name="From">Start of the measured arrivals on-line (UTC).</param>
/// <param name="To">End of the measured arrivals on-line, exclusive (UTC).</param>
/// <param name="Online">The on-line side; null when nothing was measured.</param>
/// <param name="Sandbox">The sandbox side; null when nothing was measured.</param>
/// <param name="Matches">How the clone's own requests were answered.</param>
/// <param name="Shed">Duplicates dropped because memory was short.</param>
/// <param name="Failure">Why this is no result; null when it is one.</param>
/// <param name="GivenUp">Duplicates given up for other reasons than memory, by why (docs/protocols.md); null: none, or not told.</param>
[WireName("justrunit.replay-measured.v2")]
public sealed record ReplayMeasured(
    string Subject,
    Guid RequestId,
    [Named] string ProxyNode,
    DateTimeOffset From,
    DateTimeOffset To,
    SideMeasured? Online,
    SideMeasured? Sandbox,
    MatchCounts Matches,
    long Shed,
    string? Failure,
    IReadOnlyDictionary<string, long>? GivenUp = null) : IReport;
