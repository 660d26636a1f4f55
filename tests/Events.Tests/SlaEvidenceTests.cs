using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>What counts as evidence: requests that are not answered, errors, and slack that stays.</summary>
public sealed class SlaEvidenceTests
{
    private static readonly SlaDecider Decider = new();
    private static readonly ServiceRegistered Agreed = Registered(repeatAfter: 3);
    private static readonly ServiceRegistered Available =
        Agreed with { Level = Agreed.Level with { Availability = 0.99 } };

    [Fact]
    public void A_server_that_stands_still_breaks_its_agreement_by_the_age_of_what_it_does_not_answer()
    {
        var streams = new Streamed(Agreed);
        streams.Report(second => Standing(second, open: 8, age: second));
        var violated = Assert.IsType<SlaViolated>(Assert.Single(streams.Events));
        // Eight requests that arrived at the start of the window have waited ten seconds at its end.
        Assert.Equal((10_000, 0, 8L), (violated.Value, violated.Requests, violated.Unanswered));
    }

    [Fact]
    public void A_window_of_nothing_at_all_is_no_evidence()
    {
        var streams = new Streamed(Available);
        streams.Report(second => Standing(second, open: 0, age: 0), windows: 5);
        Assert.Empty(streams.Events);
        streams = new Streamed(Available, Violated(1000));
        streams.Report(second => Standing(second, open: 0, age: 0), windows: 5);
        Assert.Empty(streams.Events);
    }

    [Fact]
    public void Requests_that_have_just_come_are_no_evidence_for_an_agreement()
    {
        var streams = new Streamed(Agreed, Violated(1000));
        streams.Report(second => Standing(second, open: 8, age: 0.001), windows: 5);
        Assert.Empty(streams.Events);
    }

    [Fact]
    public void What_is_open_never_makes_a_mean_look_better()
    {
        var streams = new Streamed(Agreed);
        streams.Report(second => Answered(second, 5, 120) with { Open = new(50, Milliseconds(50), Milliseconds(1)) });
        Assert.Equal(120, Assert.IsType<SlaViolated>(Assert.Single(streams.Events)).Value);
    }

    [Fact]
    public void Requests_whose_clients_have_left_count_with_the_time_that_they_waited()
    {
        var streams = new Streamed(Agreed);
        streams.Report(second => Standing(second, open: 0, age: 0) with
        {
            Errors = 2,
            GivenUp = new WaitingRequests(2, Seconds(6), Seconds(3)),
        });
        Assert.Equal(3_000, Assert.IsType<SlaViolated>(Assert.Single(streams.Events)).Value);
    }

    [Fact]
    public void Errors_break_an_agreement_on_availability_and_its_end_restores_it_under_one_correlation()
    {
        var streams = new Streamed(Available);
        streams.Report(second => Answered(second, 100, 80) with { Errors = 5 });
        var violated = Assert.IsType<SlaViolated>(Assert.Single(streams.Events));
        Assert.Equal((MetricNames.Availability, 0.95, 0.99), (violated.Agreement.Metric, violated.Value, violated.Agreement.AtLeast));
        Assert.Equal(["in-proxy/availability"], streams.State.Violations.Keys);
        streams.Report(second => Answered(second, 100, 80));
        Assert.Equal(MetricNames.Availability, Assert.IsType<SlaRestored>(streams.Events[1]).Agreement.Metric);
        Assert.Empty(streams.State.Violations);
        Assert.Single(streams.Correlations.ToHashSet());
    }

    [Fact]
    public void Two_agreements_that_one_window_breaks_have_a_correlation_each()
    {
        var window = new ExternalWindowReported("sonde", "shop", Noon, Noon + Seconds(10), 100, Milliseconds(120), 10);
        var (both, alone) = (new Streamed(Available), new Streamed(Agreed));
        both.Handle(window, window.To);
        alone.Handle(window, window.To);
        Assert.Equal(
            [MetricNames.Availability, MetricNames.MeanMs], both.Events.OfType<SlaViolated>().Select(e => e.Agreement.Metric));
        Assert.NotEqual(both.Correlations[0], both.Correlations[1]);
        // What else the window broke takes nothing from a chain.
        Assert.Equal(Assert.Single(alone.Correlations), both.Correlations[1]);
    }

    [Fact]
    public void What_one_report_restores_and_what_it_breaks_anew_are_chains_of_their_own()
    {
        var before = Violated(from: Noon - Seconds(60));
        var streams = new Streamed(Agreed, before);
        // Two nodes: the second one's report closes two windows at once, of which the first keeps the agreement and the next breaks it.
        Handle("b", 1, 80);
        Handle("a", 5, 80);
        Handle("a", 15, 900);
        Handle("a", 20.5, 80);
        Assert.Empty(streams.Events);
        Handle("b", 20.6, 80);
        Assert.Equal([typeof(SlaRestored), typeof(SlaViolated)], streams.Events.Select(e => e.GetType()));
        Assert.Equal(((ICorrelated)before).CorrelationId, streams.Correlations[0]);
        Assert.NotEqual(streams.Correlations[0], streams.Correlations[1]);
        Assert.NotEqual(Cause().CorrelationId, streams.Correlations[1]);

        void Handle(string node, double second, double mean)
        {
            var report = Answered(second, 10, mean) with { ProxyNode = node };
            report = report with { From = report.From + Phase, To = report.To + Phase };
            streams.Handle(report, report.To);
        }
    }

    [Fact]
    public void Slack_in_the_window_that_restores_an_agreement_begins_a_chain_of_its_own()
    {
        var window = new ExternalWindowReported("sonde", "shop", Noon, Noon + Seconds(10), 100, Milliseconds(10));
        var streams = new Streamed(Agreed, Violated(source: "sonde", external: true, from: Noon - Seconds(60)));
        streams.Handle(window, window.To);
        Assert.Equal([typeof(SlaRestored), typeof(SlaSlackDetected)], streams.Events.Select(e => e.GetType()));
        Assert.NotEqual(Cause().CorrelationId, streams.Correlations[0]);
        Assert.Equal(Cause().CorrelationId, streams.Correlations[1]);
    }

    [Fact]
    public void A_server_that_refuses_every_connection_is_not_available()
    {
        var streams = new Streamed(Available);
        streams.Report(second => Standing(second, open: 0, age: 0) with
        {
            Errors = 3,
            NoReply = new WaitingRequests(3, TimeSpan.Zero, TimeSpan.Zero),
        });
        var violated = Assert.IsType<SlaViolated>(Assert.Single(streams.Events));
        Assert.Equal((MetricNames.Availability, 0.0), (violated.Agreement.Metric, violated.Value));
    }

    [Fact]
    public void A_window_in_which_nothing_was_answered_though_a_request_waited_all_of_it_is_not_available()
    {
        var streams = new Streamed(Available);
        streams.Report(second => Standing(second, open: 8, age: second), windows: 2);
        Assert.Contains(streams.Events.OfType<SlaViolated>(), e => e is { Agreement.Metric: MetricNames.Availability, Value: 0 });
    }

    [Fact]
    public void Clients_that_leave_sooner_than_agreed_are_no_failure()
    {
        var streams = new Streamed(Available);
        streams.Report(second => Answered(second, 100, 80) with
        {
            Errors = 20,
            GivenUp = new WaitingRequests(20, Milliseconds(20 * 30), Milliseconds(40)),
        });
        Assert.Empty(streams.Events);
    }

    [Fact]
    public void An_external_monitor_that_tells_its_errors_judges_availability_and_one_that_does_not_is_not_asked()
    {
        var window = new ExternalWindowReported("sonde", "shop", Noon, Noon + Seconds(10), 100, Milliseconds(80), 10);
        var decision = new Streamed(Available).Handle(window, window.To);
        Assert.Equal(0.9, Assert.IsType<SlaViolated>(Assert.Single(decision.Streams.Single().Events)).Value);
        new Streamed(Available).Handle(window with { Errors = null }, window.To).ThenNothing(WhyNothing.Unchanged);
    }

    [Fact]
    public void Quick_errors_are_no_slack()
    {
        var streams = new Streamed(Agreed);
        streams.Report(second => Answered(second, 100, 1) with { Errors = 50 }, windows: 3);
        Assert.Empty(streams.Events);
    }

    [Fact]
    public void Slack_that_stays_is_said_ever_less_often_and_once_a_day_in_the_end()
    {
        var said = SlackOver(Registered(repeatAfter: 12), days: 10, _ => 40);
        Assert.InRange(said.Count(at => at < TimeSpan.FromDays(1)), 2, 11);
        Assert.InRange(said.Count, 10, 20);
        Assert.All(said.Zip(said.Skip(1)).Skip(12), pair => Assert.Equal(TimeSpan.FromDays(1), pair.Second - pair.First));
    }

    [Fact]
    public void Slack_that_comes_and_goes_with_every_window_is_not_said_with_every_window() =>
        Assert.InRange(SlackOver(Registered(repeatAfter: 12), days: 2, window => window % 2 == 0 ? 40 : 60).Count, 2, 15);

    [Fact]
    public void Slack_that_swings_with_every_window_is_not_said_with_every_window() =>
        Assert.InRange(SlackOver(Registered(repeatAfter: 12), days: 2, window => window % 2 == 0 ? 45 : 2).Count, 2, 15);

    [Fact]
    public void Slack_that_has_changed_materially_is_said_when_that_lasts()
    {
        var said = SlackOver(Registered(repeatAfter: 3), days: 1, window => window < 500 ? 45 : 5);
        // The first of the windows is of ten seconds each; three in a row make a change.
        Assert.Contains(Seconds(10 * 503), said);
    }

    [Fact]
    public void A_report_that_is_ahead_or_late_is_told_to_its_sender_with_the_reason()
    {
        var streams = new Streamed(Agreed);
        streams.Report(second => Answered(second, 5, 80), windows: 4);
        var at = Noon + Seconds(40);
        foreach (var (message, reason) in new[]
        {
            (Answered(1, 5, 80) with { ProxyNode = "b", To = at + Seconds(11) }, WhyNothing.Ahead),
            (Answered(1, 5, 80) with { ProxyNode = "b" }, WhyNothing.Late),
            (Answered(1, 5, 80) with { ProxyNode = "b", To = Noon - Seconds(5) }, WhyNothing.Refused),
        })
        {
            var decision = streams.Handle(message, at);
            decision.ThenNothing(reason);
            var told = Assert.IsType<WindowRefused>(Assert.Single(decision.Told));
            Assert.Equal(("b", false, "shop", reason), (told.Sender, told.External, told.Service, told.Reason));
            Assert.Equal(decision.Detail, told.Detail);
        }
    }

    [Fact]
    public void A_violation_of_availability_is_explored_as_one()
    {
        var streams = new InMemoryStreams(_ => null)
            .Given(ServiceStream, Available, Unavailable())
            .Given(DataCenterStream, Machine("app-1"), Machine("sandbox-1", role: Hosts.MachineRole.Sandbox), Vm("shop-app", "app-1", 0.5));
        var decision = streams.When(Unavailable(), new ExplorationDecider());
        var started = decision.Of(ExplorationsStream).OfType<ExplorationStarted>().Single();
        Assert.Equal((Agreement.OnAvailability(0.99), ExplorationGoal.KeepAgreement), (started.Agreement, started.Goal));
        // One on response time that was restored meanwhile starts nothing, whatever else is violated.
        streams.When(Violated(), new ExplorationDecider()).ThenNothing(WhyNothing.NotAwaited);
    }

    internal static SlaViolated Unavailable(double value = 0.5) => new(
        "shop", Noon, Noon + Seconds(10), Agreement.OnAvailability(0.99), value, 50, 1, "proxies", false, Noon);

    private static ResponseTimesMeasured Answered(double second, long requests, double mean) =>
        SlaWindowTests.Report("proxies", second, requests) with { TotalResponseTime = Milliseconds(requests * mean) };

    private static ResponseTimesMeasured Standing(double second, long open, double age) => Answered(second, 0, 0) with
    {
        NoReply = WaitingRequests.None,
        GivenUp = WaitingRequests.None,
        Open = new WaitingRequests(open, open * Seconds(age), open == 0 ? TimeSpan.Zero : Seconds(age)),
    };

    /// <summary>When slack was said, from the first window on.</summary>
    private static List<TimeSpan> SlackOver(ServiceRegistered registered, int days, Func<int, double> mean)
    {
        var streams = new Streamed(registered);
        var said = new List<TimeSpan>();
        for (var window = 0; window < days * 8640; window++)
        {
            var from = Noon + (window * Seconds(10));
            var decision = streams.Handle(
                new ExternalWindowReported("sonde", "shop", from, from + Seconds(10), 50, Milliseconds(mean(window))), from + Seconds(10));
            if (decision.Streams.SelectMany(entry => entry.Events).Any(e => e is SlaSlackDetected))
                said.Add(from + Seconds(10) - Noon);
        }

        return said;
    }

    /// <summary>A service's stream and its open windows; the clock stands where a report ends.</summary>
    private sealed class Streamed(params IDomainEvent[] given)
    {
        private readonly Dictionary<object, SlaWindow> open = [];
        private readonly List<IDomainEvent> events = [];
        private int messages;
        private int second;

        public IReadOnlyList<IDomainEvent> Events => events;

        public List<Guid> Correlations { get; } = [];

        public ServiceState State => Given.Events<ServiceState>([.. given, .. events]);

        /// <summary>Whole windows, second by second, and the report that closes the last.</summary>
        public void Report(Func<int, ResponseTimesMeasured> report, int windows = 1)
        {
            for (var end = second + (10 * windows) + 1; second < end;)
            {
                second++;
                var message = report(second);
                // As windows of this service begin.
                message = message with { From = message.From + Phase, To = message.To + Phase };
                Handle(message, message.To);
            }
        }

        public Decision Handle<TMessage>(TMessage message, DateTimeOffset at)
            where TMessage : class
        {
            // Only the state matters to the decider: a stream of a month need not be folded for each window.
            var streams = new InMemoryStreams(asked => open.GetValueOrDefault(asked, SlaWindow.Empty))
                .Given(ServiceStream, [.. given, .. events.OfType<SlaViolated>(), .. events.OfType<SlaRestored>()]);
            var decision = streams.Handle((IDecider<TMessage>)(object)Decider, message, Cause(++messages, at));
            foreach (var kept in decision.Kept)
                open[kept.Asked] = (SlaWindow)kept.Answer;
            Correlations.AddRange(decision.Correlations());
            events.AddRange(decision.Streams.SelectMany(entry => entry.Events));
            return decision;
        }
    }
}
