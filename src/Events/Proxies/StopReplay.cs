using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Proxies;

/// <summary>
/// Stop duplicating a tier's traffic; connections to the clone, queue and record are dropped. No error when none runs. Answered by
/// <see cref="ReplayStopped"/>.
/// </summary>
/// <param name="Subject">Stream that asks.</param>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="ProxyNode">The proxy node that is to do it.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier behind the in-proxy.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.stop-replay.v1")]
public sealed record StopReplay(
    string Subject,
    Guid RequestId,
    [Named] string ProxyNode,
    [Named] string Service,
    [Named] string Tier,
    DateTimeOffset? ExpiresAt = null) : INodeCommand, IAnsweredCommand;
