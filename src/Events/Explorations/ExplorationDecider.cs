using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Experimenting;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Explorations;

/// <summary>Starts an exploration when an agreement is broken or slack is seen, one at a time a service (§3.1).</summary>
public sealed class ExplorationDecider : IDecider<SlaViolated>, IDecider<SlaSlackDetected>, IDecider<AllocationNotDecided>,
    IDecider<ExplorationCompleted>, IDecider<ServiceWithdrawn>
{
    /// <inheritdoc />
    public string Name => "exploring";

    /// <inheritdoc />
    public int Version => 5;

    /// <summary>An agreement is broken: explores what the service would need, unless it is being explored or was a moment ago.</summary>
    public Decision Decide(IReading reading, SlaViolated message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (service.Registered is not null && !service.Violations.ContainsKey(
            SlaSource.Key(message.Source, message.External, message.Agreement.Metric)))
            return Decision.Nothing(WhyNothing.NotAwaited, $"{message.Source} has called the agreement of {message.Service} kept since");
        var seen = new Observation(message.Source, message.External, message.Value, message.WindowFrom, message.WindowTo);
        return Start(
            reading, service, message.Service, ExplorationGoal.KeepAgreement, message.Agreement, seen, typeof(SlaViolated), cause);
    }

    /// <summary>There is slack: explores how little would do, unless the service is being explored or was a moment ago.</summary>
    public Decision Decide(IReading reading, SlaSlackDetected message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var service = reading.State<ServiceState>(Streams.Service(message.Service));
        if (!service.Violations.IsEmpty)
            return Decision.Nothing(
                WhyNothing.NotAwaited, $"the agreement of {message.Service} is broken by the word of {service.Violations.Keys.First()}");
        var seen = new Observation(message.Source, message.External, message.Value, message.WindowFrom, message.WindowTo);
        return Start(
            reading, service, message.Service, ExplorationGoal.ReleaseSlack, message.Agreement, seen, typeof(SlaSlackDetected), cause);
    }

    /// <summary>
    /// A matrix decided nothing: where measuring again may mend that, explores again, as often as the policy allows. While the other tiers
    /// are still being explored, that is noted for their end.
    /// </summary>
    public Decision Decide(IReading reading, AllocationNotDecided message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (message.Reason is not (WhyNotDecided.Incomplete or WhyNotDecided.Contradictory or WhyNotDecided.TooOld))
            return Decision.Nothing(WhyNothing.NotAddressed, $"measuring again does not mend that: {message.Detail}");
        var stream = Streams.Explorations(message.Service);
        var explorations = reading.State<ExplorationsState>(stream);
        var noted = new RepetitionNoted(
            message.ExplorationId,
            message.Service,
            message.MatrixId,
            message.Tier,
            message.Goal,
            message.CorrelationId,
            message.Detail,
            cause.At);
        if (explorations.Active is null || explorations.Active.ExplorationId != message.ExplorationId)
            return Again(reading, explorations, noted, cause);
        if (explorations.Noted is { } before)
            return Decision.Nothing(WhyNothing.UnderWay, $"{message.Service} will be explored again anyway: {before.Detail}");
        return IsExhausted(reading, explorations.Active, noted) ?? Decision.On(stream, noted).Under(message.CorrelationId);
    }

    /// <summary>An exploration has ended: it is made again where that was noted.</summary>
    public Decision Decide(IReading reading, ExplorationCompleted message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var explorations = reading.State<ExplorationsState>(Streams.Explorations(message.Service));
        return explorations.Noted is { } noted && noted.ExplorationId == message.ExplorationId
            ? Again(reading, explorations, noted, cause)
            : Decision.Nothing(WhyNothing.Unchanged, $"nothing calls for exploring {message.Service} again");
    }

    /// <summary>A service is under management no longer: what explores it ends, with its clone and its replay.</summary>
    public Decision Decide(IReading reading, ServiceWithdrawn message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        const string reason = "the service is under management no longer";
        var stream = Streams.Explorations(message.Service);
        if (reading.State<ExplorationsState>(stream).Active is not { } active)
            return Decision.Nothing(WhyNothing.NotAwaited, $"{message.Service} is not being explored");
        if (!reading.State<ServiceState>(Streams.Service(message.Service)).IsWithdrawn)
            return Decision.Nothing(WhyNothing.NotAwaited, $"{message.Service} is under management again");
        Decision? decision = null;
        foreach (var id in active.Matrices)
        {
            var matrix = reading.State<MatrixState>(Streams.Matrix(id));
            if (matrix is not { IsActive: true, Opened: { } opened })
                continue;
            var sandboxStream = Streams.Sandbox(opened.DataCenter, opened.Sandbox.Machine);
            var sandbox = reading.State<SandboxState>(sandboxStream);
            var policy = reading.State<PolicyState>(Streams.Policy(opened.DataCenter)).Current.Exploring;
            var steps = new ExperimentSteps(matrix, sandbox, policy, cause).Stop(reason);
            decision = (decision is null ? Decision.On(Streams.Matrix(id), steps.Matrix) : decision.And(Streams.Matrix(id), steps.Matrix))
                .And(sandboxStream, steps.Sandbox).Under(opened.CorrelationId);
        }

        var completed = new ExplorationCompleted(active.ExplorationId, message.Service, reason, cause.At);
        return decision is null ? Decision.On(stream, completed) : decision.And(stream, completed);
    }

    /// <summary>Explores again, unless something else has come of it meanwhile.</summary>
    private static Decision Again(IReading reading, ExplorationsState explorations, RepetitionNoted noted, Cause cause)
    {
        var service = reading.State<ServiceState>(Streams.Service(noted.Service));
        if (service.Registered is not { } registered)
            return Decision.Nothing(WhyNothing.Unregistered, $"service {noted.Service} is not registered");
        if (explorations.Active is not null || explorations.Last is not { } last || last.ExplorationId != noted.ExplorationId)
            return Decision.Nothing(WhyNothing.NotAwaited, $"{noted.Service} has been explored since");
        // A decision goes by one policy, and its record names one: that of the data centre where the service is now is another.
        if (registered.DataCenter != last.DataCenter)
        {
            return Decision.Nothing(
                WhyNothing.NotAwaited,
                $"{noted.Service} was explored in data centre {last.DataCenter} and is registered in {registered.DataCenter} now");
        }

        if (IsExhausted(reading, last, noted) is { } exhausted)
            return exhausted;
        var metric = last.Agreement.Metric;
        if (registered.Level.On(metric) is not { } agreement)
            return Decision.Nothing(WhyNothing.NotAwaited, $"nothing is agreed with {noted.Service} on {metric} any more");
        if (noted.Goal == ExplorationGoal.KeepAgreement && !service.Violations.Keys.Any(key => SlaSource.IsOn(key, metric)))
            return Decision.Nothing(WhyNothing.NotAwaited, $"the agreement of {noted.Service} on {metric} is kept again");
        if (noted.Goal == ExplorationGoal.ReleaseSlack && !service.Violations.IsEmpty)
            return Decision.Nothing(
                WhyNothing.NotAwaited, $"the agreement of {noted.Service} is broken by the word of {service.Violations.Keys.First()}");
        var started = Started(
            registered, noted.Goal, agreement, last.Seen, typeof(AllocationNotDecided), cause, last.Attempt + 1);
        return Tiers.OpenFrom(
            reading, service, started, 0, started.At + started.Settings.TimeBudget, "", null, cause, noted.CorrelationId)
            .Before(Streams.Explorations(noted.Service), started);
    }

    private static Decision? IsExhausted(IReading reading, ExplorationStarted exploration, RepetitionNoted noted) =>
        exploration.Attempt > reading.State<PolicyState>(Streams.Policy(exploration.DataCenter)).Current.Exploring.Repetitions
            ? Decision.Nothing(WhyNothing.Exhausted, $"explored {exploration.Attempt} times without a decision: {noted.Detail}")
            : null;

    private static Decision Start(
        IReading reading,
        ServiceState service,
        string name,
        ExplorationGoal goal,
        Agreement agreement,
        Observation seen,
        Type trigger,
        Cause cause)
    {
        var explorations = reading.State<ExplorationsState>(Streams.Explorations(name));
        if (service.Registered is not { } registered)
            return Decision.Nothing(WhyNothing.Unregistered, $"service {name} is not registered");
        // What is agreed on the same metric now.
        if (registered.Level.On(agreement.Metric) is not { } now)
            return Decision.Nothing(WhyNothing.NotAwaited, $"nothing is agreed with {name} on {agreement.Metric} any more");
        if (explorations.Active is { } active)
            return Decision.Nothing(WhyNothing.UnderWay, $"{name} is being explored since {active.At:O}");
        if (explorations.LastEndedAt is { } ended && seen.To < ended + registered.Exploration.Cooldown)
        {
            return Decision.Nothing(
                WhyNothing.CoolingDown,
                $"the last exploration of {name} ended at {ended:O}; {registered.Exploration.Cooldown.TotalSeconds:0} s must pass");
        }

        var started = Started(registered, goal, now, seen, trigger, cause, attempt: 1);
        return Tiers.OpenFrom(reading, service, started, 0, started.At + started.Settings.TimeBudget, "", null, cause, cause.CorrelationId)
            .Before(Streams.Explorations(name), started);
    }

    private static ExplorationStarted Started(
        ServiceRegistered registered,
        ExplorationGoal goal,
        Agreement agreement,
        Observation? seen,
        Type trigger,
        Cause cause,
        int attempt)
    {
        var id = DeterministicId.From(cause.MessageId, "exploration");
        return new ExplorationStarted(
            id,
            registered.Service,
            registered.DataCenter,
            Wire.NameOf(trigger),
            goal,
            agreement,
            seen,
            registered.Exploration,
            [.. registered.Exploration.Tiers.Select(tier => DeterministicId.From(id, $"matrix/{tier}"))],
            attempt,
            cause.At);
    }
}
