using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Mean response time over a window against the agreement (§3.1).</summary>
public sealed class SlaTests
{
    private static readonly ServiceRegistered Agreement = Registered(Milliseconds(100), repeatAfter: 3);

    [Fact]
    public void A_mean_above_the_agreement_violates_it() =>
        SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement), Closed(120), SlaWindow.Empty).Events
            .Then(new SlaViolated("shop", Noon, Noon + Seconds(10), Milliseconds(120), Milliseconds(100), 50, 1, "proxies"));

    [Fact]
    public void A_mean_equal_to_the_agreement_keeps_it() =>
        SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement), Closed(100), SlaWindow.Empty).Events.ThenNothing();

    [Fact]
    public void A_window_with_too_few_requests_says_nothing() =>
        SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement), Closed(500) with { Requests = 4 }, SlaWindow.Empty).Events.ThenNothing();

    [Fact]
    public void A_window_from_before_the_agreement_was_in_force_says_nothing()
    {
        var before = Closed(500) with { From = Agreement.At - Seconds(1) };
        var (counts, events) = SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement), before, SlaWindow.Empty);
        events.ThenNothing();
        Assert.Equal(SlaWindow.Empty, counts);
    }

    [Fact]
    public void A_violation_that_goes_on_is_said_again_after_so_many_windows()
    {
        var (counts, service, said) = (SlaWindow.Empty, Given.Events<ServiceState>(Agreement), new List<int>());
        for (var window = 1; window <= 7; window++)
        {
            var (after, events) = SlaDecider.OnWindow(service, Closed(120), counts);
            (counts, service) = (after, events.Aggregate(service, ServiceState.Evolve));
            if (events.Count > 0)
                said.Add(window);
        }

        Assert.Equal([1, 4, 7], said);
    }

    [Fact]
    public void The_first_window_within_the_agreement_after_a_violation_restores_it()
    {
        var violated = new SlaViolated("shop", Noon - Seconds(10), Noon, Milliseconds(120), Milliseconds(100), 50, 1, "proxies");
        SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement, violated), Closed(80), SlaWindow.Empty with { ViolatedInARow = 1 }).Events
            .Then(new SlaRestored("shop", Noon, Noon + Seconds(10), Milliseconds(80), Milliseconds(100), 50, Noon - Seconds(10), "proxies"));
    }

    [Fact]
    public void A_mean_far_below_the_agreement_is_slack() =>
        SlaDecider.OnWindow(Given.Events<ServiceState>(Agreement), Closed(40), SlaWindow.Empty).Events
            .Then(new SlaSlackDetected("shop", Noon, Noon + Seconds(10), Milliseconds(40), Milliseconds(100), 50, 1, "proxies"));

    [Fact]
    public void Reports_fill_a_window_and_the_one_that_ends_in_the_next_closes_it()
    {
        var window = SlaWindow.Empty;
        ClosedWindow? closed = null;
        for (var second = 1; second <= 11; second++)
        {
            var report = new ResponseTimesMeasured(
                "proxies", "shop", "application", Noon + Seconds(second - 1), Noon + Seconds(second), 5, 0, Milliseconds(5 * 100), Milliseconds(100), Milliseconds(100));
            (window, closed) = window.Add(report, Seconds(10));
            Assert.Equal(second == 11, closed is not null);
        }

        Assert.Equal(new ClosedWindow(Noon, Noon + Seconds(10), 50, Milliseconds(100), "proxies"), closed);
        Assert.Equal(5, window.Requests);
    }

    [Fact]
    public void A_report_that_comes_twice_counts_once()
    {
        var report = new ResponseTimesMeasured(
            "proxies", "shop", "application", Noon, Noon + Seconds(1), 5, 0, Milliseconds(500), Milliseconds(100), Milliseconds(100));
        var once = SlaWindow.Empty.Add(report, Seconds(10)).Window;
        Assert.Equal(once, once.Add(report, Seconds(10)).Window);
    }

    private static ClosedWindow Closed(double meanMilliseconds) => new(Noon, Noon + Seconds(10), 50, Milliseconds(meanMilliseconds), "proxies");
}
