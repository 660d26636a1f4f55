using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sla;

/// <summary>Compares windows with the agreement (§3.1).</summary>
public static class SlaDecider
{
    /// <summary>A window has closed: violated, restored, slack, or nothing to say.</summary>
    /// <param name="service">The service.</param>
    /// <param name="closed">The window.</param>
    /// <param name="counts">The counts of windows in a row before this one.</param>
    /// <returns>The counts after this window, and what to say.</returns>
    public static (SlaWindow Counts, IReadOnlyList<IDomainEvent> Events) OnWindow(ServiceState service, ClosedWindow closed, SlaWindow counts)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(closed);
        ArgumentNullException.ThrowIfNull(counts);
        if (service.Registered is not { } registered || closed.Requests < registered.Level.MinimumRequests)
            return (counts, []);
        // Proxies report before anyone listens, and the broker keeps what they say: no agreement was in force then.
        if (closed.From < registered.At)
            return (counts, []);
        var level = registered.Level;
        if (closed.Mean > level.MeanResponseTime)
        {
            var inARow = counts.ViolatedInARow + 1;
            return (
                counts with { ViolatedInARow = inARow, SlackInARow = 0 },
                Due(inARow, level)
                    ? [new SlaViolated(registered.Service, closed.From, closed.To, closed.Mean, level.MeanResponseTime, closed.Requests, inARow, closed.Source)]
                    : []);
        }

        List<IDomainEvent> events = [];
        if (service.ViolatedSince is { } since)
        {
            events.Add(new SlaRestored(
                registered.Service, closed.From, closed.To, closed.Mean, level.MeanResponseTime, closed.Requests, since, closed.Source));
        }

        var slack = closed.Mean < level.MeanResponseTime * (1 - level.SlackThreshold) ? counts.SlackInARow + 1 : 0;
        if (slack > 0 && Due(slack, level))
        {
            events.Add(new SlaSlackDetected(
                registered.Service, closed.From, closed.To, closed.Mean, level.MeanResponseTime, closed.Requests, slack, closed.Source));
        }

        return (counts with { ViolatedInARow = 0, SlackInARow = slack }, events);
    }

    private static bool Due(int inARow, ServiceLevel level) => (inARow - 1) % Math.Max(1, level.RepeatAfterWindows) == 0;
}
