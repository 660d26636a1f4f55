namespace JustRunIt.Events.Proxies;

/// <summary>One side of an experiment, on-line or sandbox, over the same arrivals (DESIGN §4).</summary>
/// <param name="Requests">Requests measured.</param>
/// <param name="Errors">Replies of status 5xx, and requests without a reply.</param>
/// <param name="ThroughputPerSecond">Successful replies a second.</param>
/// <param name="Mean">Mean response time.</param>
/// <param name="P50">Median response time.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="MeanStandardErrorMilliseconds">Standard error of <paramref name="Mean"/>, taking requests as independent.</param>
public sealed record SideMeasured(
    long Requests,
    long Errors,
    double ThroughputPerSecond,
    TimeSpan Mean,
    TimeSpan P50,
    TimeSpan P95,
    TimeSpan P99,
    double MeanStandardErrorMilliseconds);
