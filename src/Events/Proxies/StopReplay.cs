using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Proxies;

/// <summary>Stop duplicating a tier's traffic; connections to the clone, queue and record are dropped. No error when none runs.</summary>
/// <param name="Subject">Stream that asks.</param>
/// <param name="RequestId">Of this request.</param>
/// <param name="ProxyNode">The proxy node that is to do it.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier behind the in-proxy.</param>
[WireName("justrunit.stop-replay.v1")]
public sealed record StopReplay(string Subject, Guid RequestId, string ProxyNode, string Service, string Tier) : INodeCommand;
