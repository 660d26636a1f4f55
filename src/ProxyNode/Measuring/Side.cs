using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>Sums up one side of an experiment.</summary>
internal static class Side
{
    /// <summary>Statistics of response times; percentiles by nearest rank.</summary>
    /// <param name="responseTimes">Of every request, also of those that failed: how long was waited for them.</param>
    /// <param name="errors">How many failed.</param>
    /// <param name="measured">Length of the interval in which the requests arrived.</param>
    /// <returns>Null when there were no requests.</returns>
    public static SideMeasured? Summarize(IReadOnlyCollection<TimeSpan> responseTimes, long errors, TimeSpan measured)
    {
        if (responseTimes.Count == 0)
            return null;
        var sorted = responseTimes.Select(time => time.TotalMilliseconds).Order().ToArray();
        var mean = sorted.Average();
        // Of one alone nobody knows how far it is from the mean of many.
        double? error = sorted.Length > 1
            ? Math.Sqrt(sorted.Sum(value => (value - mean) * (value - mean)) / (sorted.Length - 1) / sorted.Length)
            : null;
        var available = Math.Clamp((double)(sorted.Length - errors) / sorted.Length, 0, 1);
        return new SideMeasured(
            sorted.Length,
            errors,
            Measurement.Of(MetricNames.MeanMs, mean, error)
                .With(MetricNames.P50Ms, AtPercentile(sorted, 50))
                .With(MetricNames.P95Ms, AtPercentile(sorted, 95))
                .With(MetricNames.P99Ms, AtPercentile(sorted, 99))
                .With(MetricNames.ThroughputPerSecond, (sorted.Length - errors) / measured.TotalSeconds)
                .With(
                    MetricNames.Availability,
                    available,
                    sorted.Length > 1 ? Math.Sqrt(available * (1 - available) / sorted.Length) : null));
    }

    private static double AtPercentile(double[] sorted, int percentile) =>
        sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percentile / 100.0) - 1)];
}
