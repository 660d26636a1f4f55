using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Sla;

/// <summary>
/// A whole window as an external monitor saw it: its way into the system. The Monitor validates it and states what follows.
/// </summary>
/// <param name="Monitor">The external monitor's name.</param>
/// <param name="Service">A registered service.</param>
/// <param name="From">Start of the window (UTC).</param>
/// <param name="To">End of the window, exclusive (UTC); after <paramref name="From"/>.</param>
/// <param name="Requests">Requests answered; zero or more, at most 2^53 − 1, as all counts.</param>
/// <param name="Mean">Mean response time; not negative.</param>
/// <param name="Errors">
/// Replies that say that the server failed, and requests without a reply; null where the monitor does not tell, and then its windows do
/// not judge an agreement on availability.
/// </param>
/// <param name="NoReply">Requests, among the errors, that got no reply.</param>
/// <param name="Open">Requests that were not answered yet at the end of the window, with their age then.</param>
[WireName("justrunit.external-window-reported.v1")]
public sealed record ExternalWindowReported(
    [Named] string Monitor,
    [Named] string Service,
    DateTimeOffset From,
    DateTimeOffset To,
    long Requests,
    TimeSpan Mean,
    long? Errors = null,
    WaitingRequests? NoReply = null,
    WaitingRequests? Open = null) : IReport
{
    /// <summary>What is wrong with the report in itself, naming field, value and what is allowed; null when nothing is.</summary>
    public string? Problem() => this switch
    {
        { Monitor: var name } when string.IsNullOrWhiteSpace(name) => "monitor: must name the monitor that reports",
        _ when To <= From => $"to: {To:O} must be later than from, {From:O}",
        _ when Wire.CountProblem("requests", Requests) is { } problem => problem,
        { Mean.Ticks: < 0 } => $"mean: {Mean} must not be negative",
        _ when Requests > 0 && Mean > TimeSpan.MaxValue / Requests =>
            $"mean: {Mean} must be at most {TimeSpan.MaxValue / Requests} for {Requests} requests",
        _ => Wire.CountProblem("errors", Errors) ?? NoReply?.Problem("noReply") ?? Open?.Problem("open"),
    };
}
