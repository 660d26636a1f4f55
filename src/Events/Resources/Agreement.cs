namespace JustRunIt.Events.Resources;

/// <summary>What was agreed: a metric stays at or below a bound (§3, "an average response time").</summary>
/// <param name="Metric">Of <see cref="MetricNames"/>.</param>
/// <param name="AtMost">In the metric's unit; above zero.</param>
public sealed record Agreement(string Metric, double AtMost)
{
    /// <summary>A bound on the mean response time.</summary>
    public static Agreement OnMean(TimeSpan atMost) => new(MetricNames.MeanMs, atMost.TotalMilliseconds);

    /// <summary>Whether a value keeps it.</summary>
    /// <param name="value">In the metric's unit.</param>
    public bool IsKeptBy(double value) => value <= AtMost;

    /// <summary>For example <c>meanMs ≤ 300 ms</c>.</summary>
    public override string ToString() => $"{Metric} ≤ {MetricNames.Describe(Metric, AtMost)}";
}
