using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>
/// A service is under management, or its settings changed. On the service's stream; stated by the Monitor from its
/// configuration, so that every later decision can be replayed from streams alone.
/// </summary>
/// <param name="Service">The service's name.</param>
/// <param name="DataCenter">The data centre whose machines host it.</param>
/// <param name="Level">The agreement.</param>
/// <param name="MeasuredAt">The tier at whose in-proxy the agreement is measured.</param>
/// <param name="Tiers">All tiers, first to last.</param>
/// <param name="Exploration">What to try when the agreement is broken, or slack is seen (§2.2.2).</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.service-registered.v2")]
public sealed record ServiceRegistered(
    string Service,
    string DataCenter,
    ServiceLevel Level,
    string MeasuredAt,
    IReadOnlyList<TierDefinition> Tiers,
    ExplorationSettings Exploration,
    DateTimeOffset At) : IDomainEvent;
