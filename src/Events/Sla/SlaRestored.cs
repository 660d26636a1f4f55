using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The agreement is kept again after it was broken, by the word of the source that had stated so. On the service's stream, by the Monitor.
/// </summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the first window that kept it (UTC).</param>
/// <param name="WindowTo">End of that window, exclusive (UTC).</param>
/// <param name="Agreement">The metric and its bound.</param>
/// <param name="Value">The metric over that window, in its unit.</param>
/// <param name="Requests">Requests answered in that window.</param>
/// <param name="ViolatedSince">Start of the first window that broke it (UTC).</param>
/// <param name="Source">Who measured.</param>
/// <param name="External">Whether that is an external monitor.</param>
[WireName("justrunit.sla-restored.v2")]
public sealed record SlaRestored(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    Agreement Agreement,
    double Value,
    long Requests,
    DateTimeOffset ViolatedSince,
    string Source,
    bool External) : IDomainEvent, ICorrelated
{
    /// <inheritdoc />
    Guid ICorrelated.CorrelationId => SlaSource.CorrelationOf(Service, Source, External, Agreement.Metric, ViolatedSince);
}
