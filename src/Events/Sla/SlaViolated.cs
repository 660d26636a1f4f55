using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The mean response time over a window exceeded the agreement (§3.1). Said when the agreement is first broken, and again
/// every <see cref="ServiceLevel.RepeatAfterWindows"/> windows while it stays so. On the service's stream, by the Monitor.
/// </summary>
/// <param name="Service">The service.</param>
/// <param name="WindowFrom">Start of the window (UTC).</param>
/// <param name="WindowTo">End of the window, exclusive (UTC).</param>
/// <param name="Mean">Mean response time over the window.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="Requests">Requests answered in the window.</param>
/// <param name="ConsecutiveWindows">How many windows in a row have been above the agreement, this one included.</param>
/// <param name="Source">Who measured: the proxy node's name, or an external monitor's.</param>
[WireName("justrunit.sla-violated.v1")]
public sealed record SlaViolated(
    string Service,
    DateTimeOffset WindowFrom,
    DateTimeOffset WindowTo,
    TimeSpan Mean,
    TimeSpan Agreed,
    long Requests,
    int ConsecutiveWindows,
    string Source) : IDomainEvent;
