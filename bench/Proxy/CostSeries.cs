namespace JustRunIt.Bench.Proxy;

/// <summary>What came of a load's rounds in one arrangement.</summary>
internal sealed class CostSeries
{
    private readonly List<OpenLoad.Outcome> outcomes = [];
    private readonly List<double> serviceMs = [];

    /// <summary>Throughputs, requests a second.</summary>
    public IReadOnlyList<double> PerSecond => [.. outcomes.Select(one => one.ThroughputPerSecond)];

    /// <summary>Median of the mean response times.</summary>
    public double MeanMs => Results.Median(outcomes.Select(one => one.MeanMs));

    /// <summary>Median of the 99th percentiles.</summary>
    public double P99Ms => Results.Median(outcomes.Select(one => one.P99Ms));

    /// <summary>
    /// Median of the service's processor time a request: what neighbours on the same processors cost it, and no proxy decides.
    /// </summary>
    public double ServiceMs => Results.Median(serviceMs);

    /// <summary>Requests that failed.</summary>
    public long Errors => outcomes.Sum(one => one.Errors);

    /// <summary>A round.</summary>
    public void Add(OpenLoad.Outcome outcome, TimeSpan serviceTime)
    {
        outcomes.Add(outcome);
        serviceMs.Add(serviceTime.TotalMilliseconds / outcome.Requests);
    }

    /// <summary>How much longer its mean response times are than another's, round by round.</summary>
    public Difference To(CostSeries other)
    {
        var pairs = other.outcomes.Zip(outcomes, (a, b) => b.MeanMs - a.MeanMs).ToArray();
        // Past saturation the queue grows for as long as it is measured, and differs from run to run by more than is asked.
        var average = pairs.Average();
        return new Difference(
            Results.Median(pairs),
            average,
            Math.Sqrt(pairs.Sum(one => (one - average) * (one - average)) / (pairs.Length - 1) / pairs.Length));
    }

    /// <summary>A difference of mean response times.</summary>
    /// <param name="MedianMs">Median of the pairs.</param>
    /// <param name="AverageMs">Their average.</param>
    /// <param name="ErrorMs">The average's standard error.</param>
    internal sealed record Difference(double MedianMs, double AverageMs, double ErrorMs)
    {
        /// <summary>Whether it is known to be more than a limit.</summary>
        public bool IsMoreThan(double limitMs) => MedianMs > limitMs && AverageMs - (2 * ErrorMs) > limitMs;

        /// <inheritdoc />
        public override string ToString() => FormattableString.Invariant($"{MedianMs:+0.00;-0.00} ± {ErrorMs:0.00}");
    }
}
