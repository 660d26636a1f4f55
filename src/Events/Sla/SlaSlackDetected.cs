using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The mean response time is lower than agreed by more than the slack threshold, so that the service may need less (§3.1).
/// Said when first seen, and again every <see cref="ServiceLevel.RepeatAfterWindows"/> windows. On the service's stream, by the Monitor.
/// </summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the window (UTC).</param>
/// <param name="WindowTo">End of the window, exclusive (UTC).</param>
/// <param name="Mean">Mean response time over the window.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="Requests">Requests answered in the window.</param>
/// <param name="ConsecutiveWindows">How many windows in a row have shown slack, this one included.</param>
/// <param name="Source">Who measured.</param>
[WireName("justrunit.sla-slack-detected.v1")]
public sealed record SlaSlackDetected(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    TimeSpan Mean,
    TimeSpan Agreed,
    long Requests,
    int ConsecutiveWindows,
    string Source) : IDomainEvent;
