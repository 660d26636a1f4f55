using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>What an in-proxy measured over a short interval, from a request's arrival to the last byte of its reply (DESIGN §4).</summary>
/// <param name="ProxyNode">The proxy node that measured.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier behind the in-proxy.</param>
/// <param name="From">Start of the interval (UTC).</param>
/// <param name="To">End of the interval, exclusive (UTC).</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Errors">Replies of status 5xx, and requests without a reply.</param>
/// <param name="TotalResponseTime">Sum of the response times of <paramref name="Requests"/>.</param>
/// <param name="P95">95th percentile of the response times.</param>
/// <param name="Maximum">Longest response time.</param>
[WireName("justrunit.response-times-measured.v1")]
public sealed record ResponseTimesMeasured(
    string ProxyNode,
    string Service,
    string Tier,
    DateTimeOffset From,
    DateTimeOffset To,
    long Requests,
    long Errors,
    TimeSpan TotalResponseTime,
    TimeSpan P95,
    TimeSpan Maximum) : IReport;
