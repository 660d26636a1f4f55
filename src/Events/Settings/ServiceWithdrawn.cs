using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Settings;

/// <summary>
/// A service is under management no longer: the configuration does not name it any more. On the service's stream, by the Monitor. What
/// explores it ends, and nothing is decided for it until it is registered again.
/// </summary>
/// <param name="Service">The service's name.</param>
/// <param name="DataCenter">The data centre that hosted it.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.service-withdrawn.v1")]
public sealed record ServiceWithdrawn(string Service, string DataCenter, DateTimeOffset At) : IDomainEvent;
