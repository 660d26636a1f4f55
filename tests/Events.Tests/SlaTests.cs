using JustRunIt.Events.Deciding;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>An agreed metric over a window against its bound, each source for itself (§3.1).</summary>
public sealed class SlaTests
{
    private static readonly SlaDecider Decider = new();
    private static readonly ServiceRegistered Agreement = Registered(repeatAfter: 3);

    [Fact]
    public void A_mean_above_the_agreement_violates_it() =>
        On(Agreement).When(Window(120), Decider).Then(Violated(120, "sonde", external: true));

    [Fact]
    public void A_mean_equal_to_the_agreement_keeps_it() => On(Agreement).When(Window(100), Decider).ThenNothing(WhyNothing.Unchanged);

    [Fact]
    public void A_window_with_too_few_requests_says_nothing() =>
        On(Agreement).When(Window(500) with { Requests = 4 }, Decider).ThenNothing(WhyNothing.Unchanged);

    [Fact]
    public void A_window_from_before_the_agreement_was_in_force_says_nothing() => On(Agreement)
        .When(Window(500) with { From = Agreement.At - Seconds(1) }, Decider).ThenNothing(WhyNothing.Unchanged);

    [Fact]
    public void A_violation_that_goes_on_is_said_again_after_so_many_windows_under_one_correlation()
    {
        var windows = new Windows();
        var (said, correlations) = (new List<int>(), new HashSet<Guid>());
        for (var window = 1; window <= 7; window++)
        {
            var decision = windows.Report(Agreement, Window(120, at: window));
            if (decision.Why is not null)
                continue;
            said.Add(window);
            correlations.UnionWith(decision.Correlations());
        }

        Assert.Equal([1, 4, 7], said);
        Assert.NotEqual(Guid.Empty, Assert.Single(correlations));
    }

    [Fact]
    public void The_first_window_within_the_agreement_restores_it_under_the_correlation_of_the_violation()
    {
        var windows = new Windows();
        var violated = windows.Report(Agreement, Window(120));
        var restored = windows.Report(Agreement, Window(80, at: 1));
        restored.Then(new SlaRestored("shop", Noon + Seconds(10), Noon + Seconds(20), HundredMs, 80, 50, Noon, "sonde", External: true));
        Assert.Equal(Assert.Single(violated.Correlations()), Assert.Single(restored.Correlations()));
    }

    [Fact]
    public void Only_the_source_that_stated_a_violation_calls_it_restored()
    {
        var violatedByMonitor = On(Agreement, Violated(1000, "sonde", external: true));
        violatedByMonitor.When(Window(80, "another"), Decider).ThenNothing(WhyNothing.Unchanged);
        var streams = new Windows(Violated(1000, "sonde", external: true));
        Assert.All(InProxy(80), report => Assert.NotNull(streams.Report(Agreement, report).Why));
        Assert.IsType<SlaRestored>(Assert.Single(streams.Report(Agreement, Window(80, at: 3)).Streams.Single().Events));
    }

    [Fact]
    public void Two_sources_may_violate_at_once_and_each_is_restored_for_itself()
    {
        var state = Given.Events<ServiceState>(Agreement, Violated(120), Violated(1000, "sonde", external: true));
        Assert.Equal(["in-proxy", "monitor:sonde"], state.Violations.Keys);
        var restored = new SlaRestored("shop", Noon, Noon + Seconds(10), HundredMs, 80, 50, Noon, "proxies", External: false);
        Assert.Equal(["monitor:sonde"], ServiceState.Evolve(state, restored).Violations.Keys);
    }

    [Fact]
    public void Where_a_monitor_judges_the_agreement_nobody_elses_windows_count()
    {
        var judged = Registered(monitor: "sonde");
        Assert.All(InProxy(500), report => new Windows().Report(judged, report).ThenNothing(WhyNothing.NotAddressed));
        On(judged).When(Window(500, "another"), Decider).ThenNothing(WhyNothing.Refused);
        Assert.Null(On(judged).When(Window(500), Decider).Why);
    }

    [Fact]
    public void A_mean_far_below_the_agreement_is_slack() => On(Agreement).When(Window(40), Decider)
        .Then(Slack(40, "sonde", external: true));

    [Theory]
    [InlineData("monitor")]
    [InlineData("to")]
    [InlineData("requests")]
    [InlineData("mean")]
    [InlineData("service")]
    [InlineData("requests", 9_007_199_254_740_992)]
    [InlineData("errors", -1)]
    [InlineData("errors", 9_007_199_254_740_992)]
    [InlineData("noReply.count", 9_007_199_254_740_992)]
    [InlineData("open.count", 9_007_199_254_740_992)]
    public void A_window_that_cannot_be_is_refused_by_the_name_of_the_field(string field, long count = -1)
    {
        var window = field switch
        {
            "monitor" => Window(1) with { Monitor = " " },
            "to" => Window(1) with { To = Noon },
            "requests" => Window(0) with { Requests = count },
            "errors" => Window(1) with { Errors = count },
            "noReply.count" => Window(1) with { NoReply = WaitingRequests.None with { Count = count } },
            "open.count" => Window(1) with { Open = WaitingRequests.None with { Count = count } },
            "mean" => Window(-1),
            _ => Window(1) with { Service = "nobody" },
        };
        var decision = On(Agreement).When(window, Decider);
        decision.ThenNothing(WhyNothing.Refused);
        Assert.StartsWith($"{field}: ", decision.Detail);
        if (count > 0)
            Assert.Equal($"{field}: {count} must be at most 9007199254740991", decision.Detail);
    }

    [Fact]
    public void Reports_fill_a_window_and_the_one_that_ends_in_the_next_closes_it()
    {
        var window = SlaWindow.Empty;
        WindowStep? step = null;
        foreach (var report in InProxy(100))
        {
            Assert.True(step is null || step.Closed.IsEmpty);
            step = window.Add(report, new WindowFrame(Seconds(10)), report.To, Seconds(10));
            window = step.Window;
        }

        var closed = Assert.Single(step!.Closed);
        Assert.Equal((Noon, Noon + Seconds(10), 50L, "proxies"), (closed.From, closed.To, closed.Requests, closed.Source));
        Assert.Equal((100, true), closed.Mean(1));
        Assert.Equal(5, window.Requests);
    }

    [Fact]
    public void A_report_that_comes_twice_counts_once()
    {
        var windows = new Windows();
        var report = InProxy(100).First();
        Assert.NotEmpty(windows.Report(Agreement, report).Kept);
        windows.Report(Agreement, report).ThenNothing(WhyNothing.AlreadyHandled);
    }

    [Fact]
    public void Under_another_agreement_nothing_is_violated_yet()
    {
        Assert.Empty(Given.Events<ServiceState>(Agreement, Violated(), Registered(agreedMs: 300)).Violations);
        Assert.Single(Given.Events<ServiceState>(Agreement, Violated(), Agreement with { At = Noon + Seconds(5) }).Violations);
    }

    private static InMemoryStreams On(params Messaging.IDomainEvent[] events) =>
        new InMemoryStreams(_ => SlaWindow.Empty).Given(ServiceStream, events);

    private static ExternalWindowReported Window(double meanMilliseconds, string monitor = "sonde", int at = 0) => new(
        monitor, "shop", Noon + Seconds(10 * at), Noon + Seconds(10 * (at + 1)), 50, Milliseconds(meanMilliseconds));

    private static IEnumerable<ResponseTimesMeasured> InProxy(
        double mean) => Enumerable.Range(1, 11).Select(second => new ResponseTimesMeasured(
        "proxies",
        "shop",
        "application",
        Noon + Seconds(second - 1),
        Noon + Seconds(second),
        5,
        0,
        Milliseconds(5 * mean),
        Milliseconds(mean),
        Milliseconds(mean)));

    /// <summary>A service's stream and its open windows.</summary>
    private sealed class Windows(params Messaging.IDomainEvent[] violations)
    {
        private readonly Dictionary<(string, string), SlaWindow> open = [];
        private InMemoryStreams? streams;
        private int messages;

        public Decision Report<TMessage>(ServiceRegistered registered, TMessage message)
            where TMessage : class
        {
            streams ??= new InMemoryStreams(asked =>
                open.GetValueOrDefault((((OpenWindowAsked)asked).Service, ((OpenWindowAsked)asked).Source), SlaWindow.Empty))
                .Given(ServiceStream, [registered, .. violations]);
            var at = message switch { ResponseTimesMeasured m => m.To, ExternalWindowReported m => m.To, _ => Noon };
            var decision = streams.Handle((IDecider<TMessage>)(object)Decider, message, Cause(++messages, at));
            foreach (var kept in decision.Kept.Cast<OpenWindow>())
                open[(kept.Service, kept.Source)] = kept.Window;
            return decision;
        }
    }
}
