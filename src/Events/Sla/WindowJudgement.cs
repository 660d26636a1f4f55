using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Sla;

/// <summary>What a closed window says: an agreement is violated or restored, there is slack, or nothing is to be said.</summary>
/// <param name="Window">The windows that are being filled, with their counts after this one.</param>
/// <param name="Events">What is stated.</param>
/// <param name="Why">Why nothing is, in one sentence.</param>
internal sealed record WindowJudgement(SlaWindow Window, IReadOnlyList<IDomainEvent> Events, string Why)
{
    public static WindowJudgement Of(
        ServiceState service, ServiceRegistered registered, Policy policy, SlaWindow window, ClosedWindow closed)
    {
        // Proxies report before anyone listens, and the broker keeps what they say: no agreement was in force then.
        if (closed.From < registered.At)
            return new(window, [], "the window began before the agreement was in force");
        var available = OnAvailability(service, registered, window, closed);
        var answered = OnMean(service, registered, policy, available.Window, closed, isAvailable: available.IsKept);
        return new(answered.Window, [.. available.Events, .. answered.Events], answered.Why);
    }

    private static (SlaWindow Window, IReadOnlyList<IDomainEvent> Events, bool IsKept) OnAvailability(
        ServiceState service, ServiceRegistered registered, SlaWindow window, ClosedWindow closed)
    {
        var level = registered.Level;
        if (level.On(MetricNames.Availability) is not { } agreement
            || closed.Availability(level.MinimumRequests, TimeSpan.FromMilliseconds(level.Agreement.AtMost)) is not { } value)
        {
            return (window, [], true);
        }

        var violation = service.Violations.GetValueOrDefault(SlaSource.Key(closed.Source, closed.External, agreement.Metric));
        if (agreement.IsKeptBy(value))
        {
            return (
                window with { UnavailableInARow = 0 },
                violation is null ? [] : [Restored(registered, closed, agreement, value, violation)],
                true);
        }

        var inARow = window.UnavailableInARow + 1;
        return (
            window with { UnavailableInARow = inARow },
            Due(inARow, level) || violation is null ? [Violated(registered, closed, agreement, value, inARow, violation)] : [],
            false);
    }

    private static WindowJudgement OnMean(
        ServiceState service, ServiceRegistered registered, Policy policy, SlaWindow window, ClosedWindow closed, bool isAvailable)
    {
        var level = registered.Level;
        var agreement = level.Agreement;
        if (closed.Mean(level.MinimumRequests) is not var (value, mayKeep))
        {
            return new(
                window,
                [],
                $"{closed.Requests} requests, {closed.Unanswered} without a reply; windows with fewer than {level.MinimumRequests} decide "
                    + "nothing");
        }

        var violation = service.Violations.GetValueOrDefault(SlaSource.Key(closed.Source, closed.External, agreement.Metric));
        if (!agreement.IsKeptBy(value))
        {
            var inARow = window.ViolatedInARow + 1;
            return new(
                window with { ViolatedInARow = inARow, SlackInARow = 0, NoSlackInARow = 0, ChangedInARow = 0, Said = null },
                Due(inARow, level) || violation is null ? [Violated(registered, closed, agreement, value, inARow, violation)] : [],
                "the agreement is still broken, which was said already");
        }

        if (!mayKeep)
            return new(window, [], $"{closed.Requests} requests; so few do not say that the agreement is kept");
        List<IDomainEvent> events = violation is null ? [] : [Restored(registered, closed, agreement, value, violation)];
        // A quick error is no success, and none of what it takes can be spared.
        var isSlack = value < agreement.AtMost * (1 - level.SlackThreshold) && isAvailable
            && closed.Failed <= policy.Exploring.ErrorTolerance;
        var (after, isSaid) = OnSlack(window with { ViolatedInARow = 0 }, level, policy.Monitoring, closed, value, isSlack);
        if (isSaid)
        {
            events.Add(new SlaSlackDetected(
                registered.Service,
                closed.From,
                closed.To,
                agreement,
                value,
                closed.Requests,
                after.SlackInARow,
                closed.Source,
                closed.External));
        }

        return new(after, events, "the agreement is kept");
    }

    /// <summary>
    /// Slack that comes, that is slack under another agreement, and that has changed for as many windows as make a repetition, is said;
    /// slack that stays is said again after ever longer pauses. It has gone when it was not seen for as many windows.
    /// </summary>
    private static (SlaWindow Window, bool IsSaid) OnSlack(
        SlaWindow window, ServiceLevel level, MonitoringPolicy policy, ClosedWindow closed, double value, bool isSlack)
    {
        var often = Math.Max(1, level.RepeatAfterWindows);
        if (!isSlack)
        {
            var without = window.NoSlackInARow + 1;
            return (
                window with
                {
                    SlackInARow = 0,
                    NoSlackInARow = without,
                    ChangedInARow = 0,
                    Said = without >= often ? null : window.Said,
                },
                false);
        }

        window = window with { SlackInARow = window.SlackInARow + 1, NoSlackInARow = 0 };
        var first = Shorter(often * level.Window, policy.SlackReminder);
        var bound = level.Agreement.AtMost;
        if (window.Said is not { } said || (said.AtMost ?? bound) != bound)
            return (window with { ChangedInARow = 0, Said = new SlackSaid(closed.To, value, first, bound) }, true);
        var changed = Math.Abs(value - said.Value) > policy.SlackChange * bound ? window.ChangedInARow + 1 : 0;
        if (changed >= often)
            return (window with { ChangedInARow = 0, Said = new SlackSaid(closed.To, value, first, bound) }, true);
        window = window with { ChangedInARow = changed };
        // The policy may allow less than it did when this was said.
        return closed.To - said.At < Shorter(said.Pause, policy.SlackReminder)
            ? (window, false)
            : (window with { Said = new SlackSaid(closed.To, value, Shorter(2 * said.Pause, policy.SlackReminder), bound) }, true);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static bool Due(int inARow, ServiceLevel level) => (inARow - 1) % Math.Max(1, level.RepeatAfterWindows) == 0;

    private static SlaViolated Violated(
        ServiceRegistered registered, ClosedWindow closed, Agreement agreement, double value, int inARow, OpenViolation? violation) => new(
        registered.Service,
        closed.From,
        closed.To,
        agreement,
        value,
        closed.Requests,
        inARow,
        closed.Source,
        closed.External,
        violation?.Since ?? closed.From,
        closed.Unanswered > 0 ? closed.Unanswered : null);

    private static SlaRestored Restored(
        ServiceRegistered registered, ClosedWindow closed, Agreement agreement, double value, OpenViolation violation) => new(
        registered.Service,
        closed.From,
        closed.To,
        agreement,
        value,
        closed.Requests,
        violation.Since,
        closed.Source,
        closed.External);
}
