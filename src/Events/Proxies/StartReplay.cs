using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Proxies;

/// <summary>
/// Duplicate a tier's live traffic to a clone and measure both sides (§2.2.1). Answered by <see cref="ReplayMeasured"/>.
/// The replay goes on after the measurement, until <see cref="StopReplay"/>.
/// </summary>
/// <param name="Subject">Stream that asks; repeated in the answer.</param>
/// <param name="RequestId">The experiment; the same request twice is measured once.</param>
/// <param name="ProxyNode">The proxy node that is to do it.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier behind the in-proxy.</param>
/// <param name="SandboxEndpoint">host:port of the clone.</param>
/// <param name="Durations">Time shift, settling, warm-up and measurement.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.start-replay.v1")]
public sealed record StartReplay(
    string Subject,
    Guid RequestId,
    [Named] string ProxyNode,
    [Named] string Service,
    [Named] string Tier,
    string SandboxEndpoint,
    ExperimentDurations Durations,
    DateTimeOffset? ExpiresAt = null) : INodeCommand, IAnsweredCommand;
