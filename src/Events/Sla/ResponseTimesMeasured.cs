using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Sla;

/// <summary>What an in-proxy measured over a short interval, from a request's arrival to the last byte of its reply (DESIGN §4).</summary>
/// <param name="ProxyNode">The proxy node that measured.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier behind the in-proxy.</param>
/// <param name="From">Start of the interval (UTC).</param>
/// <param name="To">End of the interval, exclusive (UTC); after <paramref name="From"/>.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Errors">Replies that say that the server failed, and requests without a reply.</param>
/// <param name="TotalResponseTime">Sum of the response times of <paramref name="Requests"/>.</param>
/// <param name="P95">95th percentile of the response times.</param>
/// <param name="Maximum">Longest response time.</param>
/// <param name="NoReply">
/// Requests, among the errors, whose server could not be reached, or ended the connection before the end of the reply.
/// </param>
/// <param name="GivenUp">Requests, among the errors, whose client left before the end of the reply.</param>
/// <param name="Open">Requests that were not answered yet at the end of the interval, with their age then.</param>
[WireName("justrunit.response-times-measured.v1")]
public sealed record ResponseTimesMeasured(
    [Named] string ProxyNode,
    [Named] string Service,
    [Named] string Tier,
    DateTimeOffset From,
    DateTimeOffset To,
    long Requests,
    long Errors,
    TimeSpan TotalResponseTime,
    TimeSpan P95,
    TimeSpan Maximum,
    WaitingRequests? NoReply = null,
    WaitingRequests? GivenUp = null,
    WaitingRequests? Open = null) : IReport
{
    /// <summary>What is wrong with the report in itself, naming field, value and what is allowed; null when nothing is.</summary>
    public string? Problem() => this switch
    {
        { ProxyNode: var name } when string.IsNullOrWhiteSpace(name) => "proxyNode: must name the proxy node that reports",
        _ when To <= From => $"to: {To:O} must be later than from, {From:O}",
        { TotalResponseTime.Ticks: < 0 } => $"totalResponseTime: {TotalResponseTime} must not be negative",
        _ => Wire.CountProblem("requests", Requests) ?? Wire.CountProblem("errors", Errors)
            ?? NoReply?.Problem("noReply") ?? GivenUp?.Problem("givenUp") ?? Open?.Problem("open"),
    };
}
