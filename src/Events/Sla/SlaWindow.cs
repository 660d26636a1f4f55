using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Sla;

/// <summary>
/// The tumbling window that is being filled, and how often in a row closed ones have broken the agreement or shown slack.
/// Kept beside the stream, not on it: it changes with every report.
/// </summary>
/// <param name="From">Start of the open window (UTC); a multiple of the window's length.</param>
/// <param name="Requests">Requests in it so far.</param>
/// <param name="Total">Sum of their response times so far.</param>
/// <param name="LastReportTo">End of the last interval that was counted (UTC): an older report is a duplicate or late.</param>
/// <param name="ViolatedInARow">Closed windows in a row above the agreement.</param>
/// <param name="SlackInARow">Closed windows in a row with slack.</param>
public sealed record SlaWindow(
    DateTimeOffset From,
    long Requests,
    TimeSpan Total,
    DateTimeOffset LastReportTo,
    int ViolatedInARow,
    int SlackInARow)
{
    /// <summary>Nothing seen yet.</summary>
    public static SlaWindow Empty { get; } = new(default, 0, default, default, 0, 0);

    /// <summary>Adds a report. A report that ends a window's time closes the window.</summary>
    /// <param name="report">An interval, not longer than the window.</param>
    /// <param name="length">Length of the window.</param>
    /// <returns>The window after the report, and the one that it closed, if any.</returns>
    public (SlaWindow Window, ClosedWindow? Closed) Add(ResponseTimesMeasured report, TimeSpan length)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.To <= LastReportTo)
            return (this, null);
        var start = new DateTimeOffset(report.To.UtcTicks - 1 - ((report.To.UtcTicks - 1) % length.Ticks), TimeSpan.Zero);
        if (From == default || start == From)
        {
            return (
                this with
                {
                    From = start,
                    Requests = Requests + report.Requests,
                    Total = Total + report.TotalResponseTime,
                    LastReportTo = report.To,
                },
                null);
        }

        // The interval ends in a later window: the open one is complete. Its requests count where it ends.
        var metrics = Requests > 0
            ? Measurement.Of(MetricNames.MeanMs, (Total / Requests).TotalMilliseconds)
            : Measurement.None;
        return (
            this with { From = start, Requests = report.Requests, Total = report.TotalResponseTime, LastReportTo = report.To },
            new ClosedWindow(From, From + length, Requests, metrics, report.ProxyNode, External: false));
    }
}
