using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Sla;

/// <summary>What a proxy node or an external monitor reported does not count, and why: the Monitor's answer to its sender.</summary>
/// <param name="Sender">The proxy node's or monitor's name, as it stands in the report.</param>
/// <param name="External">Whether that is an external monitor.</param>
/// <param name="Service">The service that the report speaks of.</param>
/// <param name="From">Start of what was reported (UTC).</param>
/// <param name="To">End of what was reported (UTC).</param>
/// <param name="Reason"><c>Ahead</c>, <c>Late</c> or <c>Refused</c>.</param>
/// <param name="Detail">One sentence with field, value and what is allowed.</param>
/// <param name="At">The Monitor's clock (UTC).</param>
[WireName("justrunit.window-refused.v1")]
public sealed record WindowRefused(
    [Named] string Sender,
    bool External,
    [Named] string Service,
    DateTimeOffset From,
    DateTimeOffset To,
    WhyNothing Reason,
    string Detail,
    DateTimeOffset At) : IReport;
