using System.Text.Json.Serialization;

namespace JustRunIt.Events.Resources;

/// <summary>What was agreed: a metric stays at or below a bound (§3, "an average response time"), or at or above one.</summary>
/// <param name="Metric">Of <see cref="MetricNames"/>.</param>
/// <param name="AtMost">In the metric's unit; above zero.</param>
/// <param name="AtLeast">In the metric's unit; null where less is better and nothing is too little.</param>
public sealed record Agreement(string Metric, double AtMost, double? AtLeast = null)
{
    /// <summary>The bound that may be broken, in the metric's unit.</summary>
    [JsonIgnore]
    public double Bound => AtLeast ?? AtMost;

    /// <summary>A bound on the mean response time.</summary>
    public static Agreement OnMean(TimeSpan atMost) => new(MetricNames.MeanMs, atMost.TotalMilliseconds);

    /// <summary>A bound on the fraction of requests that are answered without error.</summary>
    public static Agreement OnAvailability(double atLeast) => new(MetricNames.Availability, 1, atLeast);

    /// <summary>Whether a value keeps it.</summary>
    /// <param name="value">In the metric's unit.</param>
    public bool IsKeptBy(double value) => value <= AtMost && (AtLeast is not { } least || value >= least);

    /// <summary>Whether a value keeps it if it is wrong by so much.</summary>
    /// <param name="value">In the metric's unit.</param>
    /// <param name="error">In the metric's unit; not negative.</param>
    public bool MayBeKeptBy(double value, double error) => IsKeptBy(AtLeast is null ? value - error : Math.Min(value + error, AtMost));

    /// <summary>A value as one of which less is better.</summary>
    /// <param name="value">In the metric's unit.</param>
    public double Cost(double value) => AtLeast is null ? value : AtMost - value;

    /// <summary>For example <c>meanMs ≤ 300 ms</c>.</summary>
    public override string ToString() => AtLeast is { } least
        ? $"{Metric} ≥ {MetricNames.Describe(Metric, least)}"
        : $"{Metric} ≤ {MetricNames.Describe(Metric, AtMost)}";
}
