using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The agreed metric over a window broke its bound (§3.1). Said when the agreement is first broken, and again every
/// <see cref="ServiceLevel.RepeatAfterWindows"/> windows while it stays so. On the service's stream, by the Monitor.
/// </summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the window (UTC).</param>
/// <param name="WindowTo">End of the window, exclusive (UTC).</param>
/// <param name="Agreement">The metric and its bound.</param>
/// <param name="Value">The metric over the window, in its unit.</param>
/// <param name="Requests">Requests answered in the window.</param>
/// <param name="ConsecutiveWindows">How many windows in a row have been above the agreement, this one included.</param>
/// <param name="Source">Who measured: the proxy node's name, or an external monitor's.</param>
/// <param name="External">Whether that is an external monitor.</param>
/// <param name="Since">Start of the first window of this violation (UTC).</param>
/// <param name="Unanswered">
/// Requests that had no reply by the end of the window, and count with the time that they had waited; null where nobody told of them.
/// </param>
[WireName("justrunit.sla-violated.v2")]
public sealed record SlaViolated(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    Agreement Agreement,
    double Value,
    long Requests,
    int ConsecutiveWindows,
    string Source,
    bool External,
    DateTimeOffset Since,
    long? Unanswered = null) : IDomainEvent, ICorrelated
{
    /// <inheritdoc />
    Guid ICorrelated.CorrelationId => SlaSource.CorrelationOf(Service, Source, External, Agreement.Metric, Since);
}
