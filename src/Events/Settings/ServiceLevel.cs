using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Settings;

/// <summary>A service level agreement on a metric over a window (§3, "an average response time").</summary>
/// <param name="Agreement">The metric and its bound.</param>
/// <param name="Window">Length of the tumbling window over which the metric is taken; one second or more.</param>
/// <param name="SlackThreshold">A value under (1 − threshold) × bound counts as slack (§3.1); from 0 to 1, where 1 never does.</param>
/// <param name="MinimumRequests">Windows with fewer requests decide nothing.</param>
/// <param name="RepeatAfterWindows">While the agreement stays broken, say so again after so many windows; one or more.</param>
/// <param name="Monitor">
/// The external monitor whose windows alone judge the agreement; null when the in-proxy's do, beside which any monitor may
/// report violations of its own.
/// </param>
/// <param name="Availability">
/// The fraction of requests that are to be answered without error over a window, above 0 and at most 1; null when nothing is agreed on
/// that.
/// </param>
public sealed record ServiceLevel(
    Agreement Agreement,
    TimeSpan Window,
    double SlackThreshold = 1,
    int MinimumRequests = 1,
    int RepeatAfterWindows = 12,
    string? Monitor = null,
    double? Availability = null)
{
    /// <summary>What was agreed on a metric now; null when nothing was.</summary>
    public Agreement? On(string metric) => metric == Agreement.Metric ? Agreement
        : metric == MetricNames.Availability && Availability is { } least ? Agreement.OnAvailability(least)
        : null;

    /// <summary>What was agreed on other metrics besides.</summary>
    public IReadOnlyList<Agreement> OthersThan(string metric) =>
        [.. new[] { Agreement, On(MetricNames.Availability) }.OfType<Agreement>().Where(other => other.Metric != metric)];
}
