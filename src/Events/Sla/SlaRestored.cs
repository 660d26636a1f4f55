using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>The agreement is kept again after it was broken. On the service's stream, by the Monitor.</summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the first window that kept it (UTC).</param>
/// <param name="WindowTo">End of that window, exclusive (UTC).</param>
/// <param name="Mean">Mean response time over that window.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="Requests">Requests answered in that window.</param>
/// <param name="ViolatedSince">Start of the first window that broke it (UTC).</param>
/// <param name="Source">Who measured.</param>
[WireName("justrunit.sla-restored.v1")]
public sealed record SlaRestored(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    TimeSpan Mean,
    TimeSpan Agreed,
    long Requests,
    DateTimeOffset ViolatedSince,
    string Source) : IDomainEvent;
