using JustRunIt.Events.Proxies;

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
        var variance = sorted.Length > 1 ? sorted.Sum(value => (value - mean) * (value - mean)) / (sorted.Length - 1) : 0;
        return new SideMeasured(
            sorted.Length,
            errors,
            (sorted.Length - errors) / measured.TotalSeconds,
            TimeSpan.FromMilliseconds(mean),
            AtPercentile(sorted, 50),
            AtPercentile(sorted, 95),
            AtPercentile(sorted, 99),
            Math.Sqrt(variance / sorted.Length));
    }

    private static TimeSpan AtPercentile(double[] sorted, int percentile) =>
        TimeSpan.FromMilliseconds(sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percentile / 100.0) - 1)]);
}
