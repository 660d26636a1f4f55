using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>Fills windows with what is reported, and compares each full one with the agreement (§3.1).</summary>
public sealed class SlaDecider : IDecider<ResponseTimesMeasured>, IDecider<ExternalWindowReported>
{
    /// <inheritdoc />
    public string Name => "sla";

    /// <inheritdoc />
    public int Version => 2;

    /// <summary>An in-proxy has measured.</summary>
    public Decision Decide(IReading reading, ResponseTimesMeasured message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (service.Registered is not { } registered)
            return Decision.Nothing(WhyNothing.Unregistered, $"service: '{message.Service}' is not registered");
        if (registered.MeasuredAt != message.Tier)
            return Decision.Nothing(
                WhyNothing.NotAddressed, $"tier: '{message.Tier}'; the agreement is measured at {registered.MeasuredAt}");
        if (registered.Level.Monitor is { } monitor)
            return Decision.Nothing(WhyNothing.NotAddressed, $"the agreement of {message.Service} is judged by the monitor {monitor}");
        var source = SlaSource.Key(message.ProxyNode, external: false);
        var open = reading.Fact(new OpenWindowAsked(message.Service, source));
        var (window, closed) = open.Add(message, registered.Level.Window);
        if (window == open)
            return Decision.Nothing(WhyNothing.AlreadyHandled, $"to: {message.To:O} is not later than what was counted already");
        return closed is null
            ? Decision.Nothing(WhyNothing.Unchanged, "the window is not full yet").Keep(new OpenWindow(message.Service, source, window))
            : Judge(service, registered, source, window, closed);
    }

    /// <summary>An external monitor reports a whole window.</summary>
    public Decision Decide(IReading reading, ExternalWindowReported message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (message.Problem() is { } problem)
            return Decision.Refuse(problem);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (service.Registered is not { } registered)
            return Decision.Refuse($"service: '{message.Service}' is not registered");
        if (registered.Level.Monitor is { } monitor && monitor != message.Monitor)
            return Decision.Refuse($"monitor: '{message.Monitor}'; the agreement of {message.Service} is judged by the monitor {monitor}");
        var source = SlaSource.Key(message.Monitor, external: true);
        var open = reading.Fact(new OpenWindowAsked(message.Service, source));
        if (message.To <= open.LastReportTo)
            return Decision.Nothing(WhyNothing.AlreadyHandled, $"to: {message.To:O} is not later than this monitor's last window");
        var metrics = message.Requests > 0
            ? Measurement.Of(MetricNames.MeanMs, message.Mean.TotalMilliseconds)
            : Measurement.None;
        var closed = new ClosedWindow(message.From, message.To, message.Requests, metrics, message.Monitor, External: true);
        return Judge(service, registered, source, open with { LastReportTo = message.To }, closed);
    }

    private static Decision Judge(
        ServiceState service, ServiceRegistered registered, string source, SlaWindow window, ClosedWindow closed)
    {
        var (counts, events, why) = OnWindow(service, registered.Level, source, window, closed);
        var kept = new OpenWindow(registered.Service, source, counts);
        if (events.Count == 0)
            return Decision.Nothing(WhyNothing.Unchanged, why).Keep(kept);
        // One id from the first window that broke the agreement to the last that follows from it.
        var since = service.Violations.GetValueOrDefault(source)?.Since
            ?? events.OfType<SlaViolated>().Select(e => (DateTimeOffset?)e.Since).FirstOrDefault();
        var decision = Decision.On(Streams.Service(registered.Service), events).Keep(kept);
        return since is { } start ? decision.Under(Correlation(registered.Service, source, start)) : decision;
    }

    private static Guid Correlation(string service, string source, DateTimeOffset since) =>
        DeterministicId.From(Guid.Empty, $"violation/{service}/{source}/{since.UtcTicks}");

    /// <summary>A window has closed: violated, restored, slack, or nothing to say.</summary>
    private static (SlaWindow Counts, IReadOnlyList<IDomainEvent> Events, string Why) OnWindow(
        ServiceState service, ServiceLevel level, string source, SlaWindow counts, ClosedWindow closed)
    {
        var registered = service.Registered!;
        if (closed.Requests < level.MinimumRequests)
            return (counts, [], $"{closed.Requests} requests; windows with fewer than {level.MinimumRequests} decide nothing");
        // Proxies report before anyone listens, and the broker keeps what they say: no agreement was in force then.
        if (closed.From < registered.At)
            return (counts, [], "the window began before the agreement was in force");
        var agreement = level.Agreement;
        if (closed.Metrics[agreement.Metric] is not { Value: var value })
            return (counts, [], $"the window has no {agreement.Metric}");
        var violation = service.Violations.GetValueOrDefault(source);
        if (!agreement.IsKeptBy(value))
        {
            var inARow = counts.ViolatedInARow + 1;
            return (
                counts with { ViolatedInARow = inARow, SlackInARow = 0 },
                Due(inARow, level) || violation is null
                    ?
                    [
                        new SlaViolated(
                            registered.Service,
                            closed.From,
                            closed.To,
                            agreement,
                            value,
                            closed.Requests,
                            inARow,
                            closed.Source,
                            closed.External,
                            violation?.Since ?? closed.From),
                    ]
                    : [],
                "the agreement is still broken, which was said already");
        }

        List<IDomainEvent> events = [];
        if (violation is not null)
        {
            events.Add(new SlaRestored(
                registered.Service,
                closed.From,
                closed.To,
                agreement,
                value,
                closed.Requests,
                violation.Since,
                closed.Source,
                closed.External));
        }

        var slack = value < agreement.AtMost * (1 - level.SlackThreshold) ? counts.SlackInARow + 1 : 0;
        if (slack > 0 && Due(slack, level))
        {
            events.Add(new SlaSlackDetected(
                registered.Service, closed.From, closed.To, agreement, value, closed.Requests, slack, closed.Source, closed.External));
        }

        return (counts with { ViolatedInARow = 0, SlackInARow = slack }, events, "the agreement is kept");
    }

    private static bool Due(int inARow, ServiceLevel level) => (inARow - 1) % Math.Max(1, level.RepeatAfterWindows) == 0;
}
