using System.Globalization;

namespace JustRunIt.Events.Resources;

/// <summary>Names of metrics in measurements and agreements; the name ends with the unit.</summary>
public static class MetricNames
{
    /// <summary>Mean response time in milliseconds.</summary>
    public const string MeanMs = "meanMs";

    /// <summary>Median response time in milliseconds.</summary>
    public const string P50Ms = "p50Ms";

    /// <summary>95th percentile of the response times in milliseconds.</summary>
    public const string P95Ms = "p95Ms";

    /// <summary>99th percentile of the response times in milliseconds.</summary>
    public const string P99Ms = "p99Ms";

    /// <summary>Successful replies a second.</summary>
    public const string ThroughputPerSecond = "throughputPerSecond";

    /// <summary>Fraction of requests that are answered without error, from 0 to 1; more is better.</summary>
    public const string Availability = "availability";

    /// <summary>A value as people read it, for example <c>231 ms</c>.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="value">In the metric's unit.</param>
    public static string Describe(string metric, double value) => metric switch
    {
        MeanMs or P50Ms or P95Ms or P99Ms => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} ms"),
        ThroughputPerSecond => string.Create(CultureInfo.InvariantCulture, $"{value:0.#}/s"),
        Availability => string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.####} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}"),
    };
}
