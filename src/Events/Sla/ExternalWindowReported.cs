using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>
/// A whole window as an external monitor saw it: its way into the system. The Monitor validates it and states what follows.
/// </summary>
/// <param name="Monitor">The external monitor's name.</param>
/// <param name="Service">A registered service.</param>
/// <param name="From">Start of the window (UTC).</param>
/// <param name="To">End of the window, exclusive (UTC); after <paramref name="From"/>.</param>
/// <param name="Requests">Requests answered; zero or more.</param>
/// <param name="Mean">Mean response time; not negative.</param>
[WireName("justrunit.external-window-reported.v1")]
public sealed record ExternalWindowReported(
    string Monitor,
    string Service,
    DateTimeOffset From,
    DateTimeOffset To,
    long Requests,
    TimeSpan Mean) : IReport;
