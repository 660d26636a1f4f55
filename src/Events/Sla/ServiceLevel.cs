namespace JustRunIt.Events.Sla;

/// <summary>A service level agreement on the mean response time over a window (§3, "an average response time").</summary>
/// <param name="MeanResponseTime">Largest mean response time that keeps the agreement; above zero.</param>
/// <param name="Window">Length of the tumbling window over which the mean is taken; one second or more.</param>
/// <param name="SlackThreshold">
/// A mean under (1 − threshold) × <paramref name="MeanResponseTime"/> counts as slack (§3.1); from 0 to 1, where 1 never does.
/// </param>
/// <param name="MinimumRequests">Windows with fewer requests decide nothing.</param>
/// <param name="RepeatAfterWindows">While the agreement stays broken, say so again after so many windows; one or more.</param>
public sealed record ServiceLevel(
    TimeSpan MeanResponseTime,
    TimeSpan Window,
    double SlackThreshold = 1,
    int MinimumRequests = 1,
    int RepeatAfterWindows = 12);
