using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Proxies;

/// <summary>A proxy node's answer to <see cref="StopReplay"/>: nothing of the tier's traffic is duplicated any more.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="ProxyNode">The proxy node.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Failure">Why it is not so, one line; null when it is.</param>
[WireName("justrunit.replay-stopped.v1")]
public sealed record ReplayStopped(
    string Subject, Guid RequestId, [Named] string ProxyNode, string Service, string Tier, string? Failure = null) : IReport;
