using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Proxies;

/// <summary>One side of an experiment, on-line or sandbox, over the same arrivals (DESIGN §4).</summary>
/// <param name="Requests">Requests measured.</param>
/// <param name="Errors">Replies of status 5xx, and requests without a reply.</param>
/// <param name="Metrics">
/// Throughput in successful replies a second, mean response time and its percentiles; errors take requests as independent.
/// </param>
public sealed record SideMeasured(long Requests, long Errors, Measurement Metrics);
