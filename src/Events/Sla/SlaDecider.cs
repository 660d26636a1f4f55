using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>Fills windows with what is reported, and compares each full one with what was agreed (§3.1).</summary>
public sealed class SlaDecider : IDecider<ResponseTimesMeasured>, IDecider<ExternalWindowReported>
{
    /// <inheritdoc />
    public string Name => "sla";

    /// <inheritdoc />
    public int Version => 5;

    /// <summary>An in-proxy has measured.</summary>
    public Decision Decide(IReading reading, ResponseTimesMeasured message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (message.Problem() is { } problem)
            return Refuse(problem);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (service.Registered is not { } registered)
            return Decision.Nothing(WhyNothing.Unregistered, $"service: '{message.Service}' is not registered");
        if (registered.MeasuredAt != message.Tier)
            return Decision.Nothing(
                WhyNothing.NotAddressed, $"tier: '{message.Tier}'; the agreement is measured at {registered.MeasuredAt}");
        if (registered.Level.Monitor is { } monitor)
            return Decision.Nothing(WhyNothing.NotAddressed, $"the agreement of {message.Service} is judged by the monitor {monitor}");
        var source = SlaSource.Key(message.ProxyNode, external: false);
        var policy = reading.State<PolicyState>(Streams.Policy(registered.DataCenter)).Current;
        var open = reading.Fact(new OpenWindowAsked(message.Service, source));
        var frame = WindowFrame.Of(message.Service, registered.Level.Window);
        var step = open.Add(message, frame, cause.At, policy.Monitoring.ClockTolerance);
        return step.Why is { } why
            ? why == WhyNothing.AlreadyHandled ? Decision.Nothing(why, step.Detail)
                : why == WhyNothing.Refused ? Refuse(step.Detail) : Tell(Decision.Nothing(why, step.Detail))
            : Judge(service, registered, policy, source, step);

        Decision Refuse(string reason) => Tell(Decision.Refuse(reason));

        Decision Tell(Decision refusal) => refusal.Tell(new WindowRefused(
            message.ProxyNode, false, message.Service, message.From, message.To, refusal.Why!.Value, refusal.Detail, cause.At));
    }

    /// <summary>An external monitor reports a whole window.</summary>
    public Decision Decide(IReading reading, ExternalWindowReported message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (message.Problem() is { } problem)
            return Refuse(problem);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (service.Registered is not { } registered)
            return Refuse($"service: '{message.Service}' is not registered");
        if (registered.Level.Monitor is { } monitor && monitor != message.Monitor)
            return Refuse($"monitor: '{message.Monitor}'; the agreement of {message.Service} is judged by the monitor {monitor}");
        var source = SlaSource.Key(message.Monitor, external: true);
        var policy = reading.State<PolicyState>(Streams.Policy(registered.DataCenter)).Current;
        var step = reading.Fact(new OpenWindowAsked(message.Service, source)).Add(message, cause.At, policy.Monitoring.ClockTolerance);
        return step.Why is { } why
            ? why == WhyNothing.AlreadyHandled ? Decision.Nothing(why, step.Detail) : Tell(Decision.Nothing(why, step.Detail))
            : Judge(service, registered, policy, source, step);

        Decision Refuse(string reason) => Tell(Decision.Refuse(reason));

        Decision Tell(Decision refusal) => refusal.Tell(new WindowRefused(
            message.Monitor, true, message.Service, message.From, message.To, refusal.Why!.Value, refusal.Detail, cause.At));
    }

    /// <summary>What follows from the windows that a report has closed, one after another.</summary>
    private static Decision Judge(ServiceState service, ServiceRegistered registered, Policy policy, string source, WindowStep step)
    {
        var (window, events, why) = (step.Window, new List<IDomainEvent>(), "the window is not full yet");
        foreach (var closed in step.Closed)
        {
            var judged = WindowJudgement.Of(service, registered, policy, window, closed);
            (window, why) = (judged.Window, judged.Why);
            service = judged.Events.Aggregate(service, ServiceState.Evolve);
            events.AddRange(judged.Events);
        }

        var kept = new OpenWindow(registered.Service, source, window);
        return events.Count == 0
            ? Decision.Nothing(WhyNothing.Unchanged, why).Keep(kept)
            : Decision.On(Streams.Service(registered.Service), events).Keep(kept);
    }
}
