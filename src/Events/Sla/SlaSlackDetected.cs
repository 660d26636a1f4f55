using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The agreed metric is lower than its bound by more than the slack threshold, so that the service may need less (§3.1).
/// Said when first seen, and when it has changed materially (<see cref="MonitoringPolicy"/>); while it stays as it is, again after
/// <see cref="ServiceLevel.RepeatAfterWindows"/> windows, and then after twice as long each time, up to a longest pause. On the service's
/// stream, by the Monitor.
/// </summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the window (UTC).</param>
/// <param name="WindowTo">End of the window, exclusive (UTC).</param>
/// <param name="Agreement">The metric and its bound.</param>
/// <param name="Value">The metric over the window, in its unit.</param>
/// <param name="Requests">Requests answered in the window.</param>
/// <param name="ConsecutiveWindows">How many windows in a row have shown slack, this one included.</param>
/// <param name="Source">Who measured.</param>
/// <param name="External">Whether that is an external monitor.</param>
[WireName("justrunit.sla-slack-detected.v2")]
public sealed record SlaSlackDetected(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    Agreement Agreement,
    double Value,
    long Requests,
    int ConsecutiveWindows,
    string Source,
    bool External) : IDomainEvent;
