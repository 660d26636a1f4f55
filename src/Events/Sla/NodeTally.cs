namespace JustRunIt.Events.Sla;

/// <summary>What one source has put into a window.</summary>
/// <param name="Name">The proxy node's or monitor's name.</param>
/// <param name="Requests">Requests answered.</param>
/// <param name="Total">Sum of their response times.</param>
/// <param name="Errors">Requests that failed, or got no reply; null when the source does not tell.</param>
/// <param name="NoReply">Those of them that the server left without a reply.</param>
/// <param name="GivenUp">Those of them whose client left.</param>
/// <param name="Open">Requests in flight at <paramref name="OpenAt"/>.</param>
/// <param name="OpenAt">End of the last interval that was counted (UTC).</param>
public sealed record NodeTally(
    string Name,
    long Requests,
    TimeSpan Total,
    long? Errors,
    WaitingRequests NoReply,
    WaitingRequests GivenUp,
    WaitingRequests Open,
    DateTimeOffset OpenAt)
{
    /// <summary>What one report says.</summary>
    public static NodeTally Of(ResponseTimesMeasured report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(
            report.ProxyNode,
            report.Requests,
            report.TotalResponseTime,
            report.Errors,
            report.NoReply ?? WaitingRequests.None,
            report.GivenUp ?? WaitingRequests.None,
            report.Open ?? WaitingRequests.None,
            report.To);
    }

    /// <summary>What one window of a monitor says.</summary>
    public static NodeTally Of(ExternalWindowReported report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(
            report.Monitor,
            report.Requests,
            report.Mean * report.Requests,
            report.Errors,
            report.NoReply ?? WaitingRequests.None,
            WaitingRequests.None,
            report.Open ?? WaitingRequests.None,
            report.To);
    }

    /// <summary>Both together; of what is in flight, the later word counts.</summary>
    public NodeTally And(NodeTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var later = other.OpenAt > OpenAt ? other : this;
        return new(
            Name,
            Sums.Of(Requests, other.Requests),
            Sums.Of(Total, other.Total),
            Errors is { } errors && other.Errors is { } others ? Sums.Of(errors, others) : null,
            NoReply + other.NoReply,
            GivenUp + other.GivenUp,
            later.Open,
            later.OpenAt);
    }
}
