using CsCheck;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>How windows are filled: by several nodes, in any order, with clocks that differ.</summary>
public sealed class SlaWindowTests
{
    private static readonly WindowFrame Frame = new(Seconds(10));
    private static readonly TimeSpan Tolerance = Seconds(10);

    [Fact]
    public void Every_time_is_in_one_window_and_those_of_a_service_follow_one_another() => Gen.Select(
        Gen.String[1, 20], Gen.Long[1, 600], Gen.Long[0, 100_000_000]).Sample(
        (service, seconds, tick) =>
        {
            var frame = WindowFrame.Of(service, TimeSpan.FromSeconds(seconds));
            var time = Noon.AddTicks(tick);
            var start = frame.StartOf(time);
            Assert.True(start < time && time <= start + frame.Length);
            Assert.Equal(start, frame.StartOf(start + frame.Length));
            Assert.Equal(start + frame.Length, frame.StartOf(start + frame.Length + TimeSpan.FromTicks(1)));
        });

    [Fact]
    public void Windows_of_a_thousand_services_do_not_end_together()
    {
        var phases = Enumerable.Range(0, 1000).Select(i => WindowFrame.Of($"service-{i}", Seconds(10)).Phase).ToList();
        Assert.All(phases, phase => Assert.InRange(phase, TimeSpan.Zero, Seconds(9.9)));
        Assert.InRange(phases.GroupBy(phase => (int)phase.TotalSeconds).Max(second => second.Count()), 100, 150);
        // Decided by the name alone: whoever replays finds the same windows.
        Assert.Equal(Seconds(5.7), WindowFrame.Of("shop", Seconds(10)).Phase);
    }

    [Fact]
    public void A_second_node_whose_intervals_end_half_a_second_earlier_loses_nothing()
    {
        var (window, closed) = Play(
            Enumerable.Range(1, 41).SelectMany(second => new[] { Report("a", second, 5), Report("b", second - 0.5, 7) }));
        Assert.Equal(41 * 12, closed.Sum(one => one.Requests) + window.Requests);
        Assert.All(closed, one => Assert.Equal("a, b", one.Source));
        Assert.Equal([120, 120, 120], closed.Select(one => one.Requests).Take(3));
    }

    [Fact]
    public void Windows_hold_the_same_in_whatever_order_the_reports_of_two_nodes_come() => Gen.Select(
        Gen.Long[1, 1000].Array[60], Gen.Long[1, 1000].Array[60], Gen.Bool.Array[200], Gen.Double[-0.9, 0.9]).Sample(
        (ofA, ofB, turns, apart) =>
        {
            var a = Reports("a", ofA, 0);
            var b = Reports("b", ofB, apart);
            var inTurn = Play(a.Zip(b).SelectMany(pair => new[] { pair.First, pair.Second }));
            var mixed = Play(Mixed(a, b, turns));
            Assert.Equal(
                inTurn.Closed.Select(one => (one.From, one.Tally)),
                mixed.Closed.Select(one => (one.From, one.Tally)));
            Assert.Equal(ofA.Sum() + ofB.Sum(), mixed.Closed.Sum(one => one.Requests) + mixed.Window.Requests);
        },
        iter: 300);

    [Fact]
    public void Reports_that_are_delivered_again_at_any_time_count_once() => Gen.Select(
        Gen.Long[1, 1000].Array[60], Gen.Int[0, 59].Array[60]).Sample(
        (requests, again) =>
        {
            var reports = Reports("a", requests, 0);
            var delivered = reports.SelectMany((report, i) => new[] { report, reports[Math.Min(i, again[i])] });
            var (window, closed) = Play(delivered);
            Assert.Equal(requests.Sum(), closed.Sum(one => one.Requests) + window.Requests);
        },
        iter: 300);

    [Fact]
    public void Reports_of_one_node_that_overtake_each_other_all_count() => Gen.Select(
        Gen.Long[1, 1000].Array[60], Gen.Int[0, 5].Array[60]).Sample(
        (requests, delays) =>
        {
            var delivered = Reports("a", requests, 0).Select((report, i) => (report, Rank: i + delays[i])).OrderBy(one => one.Rank)
                .Select(one => one.report);
            var (window, closed) = Play(delivered);
            Assert.Equal(requests.Sum(), closed.Sum(one => one.Requests) + window.Requests);
        },
        iter: 300);

    [Theory]
    [InlineData(11)]
    [InlineData(3600)]
    [InlineData(250_000_000_000)]
    public void A_clock_that_is_ahead_is_refused_with_both_clocks_and_blinds_nobody(double seconds)
    {
        var at = Noon + Seconds(1);
        var ahead = Report("a", 1, 5) with { To = at + Seconds(seconds) };
        var step = SlaWindow.Empty.Add(ahead, Frame, at, Tolerance);
        Assert.Equal(WhyNothing.Ahead, step.Why);
        Assert.Contains($"{ahead.To:O} lies ahead of {at:O}", step.Detail);
        Assert.Contains("at most 10 s are allowed", step.Detail);
        Assert.Null(step.Window.Add(Report("a", 1, 5), Frame, at, Tolerance).Why);
    }

    [Fact]
    public void A_clock_that_is_ahead_by_less_than_is_tolerated_takes_nothing_from_the_others()
    {
        var (window, closed) = Play(
            Enumerable.Range(1, 60).SelectMany(second => new[] { Report("ahead", second + 9, 5), Report("right", second, 7) }), 1);
        Assert.Equal(60 * 12, closed.Sum(one => one.Requests) + window.Requests);
    }

    [Fact]
    public void What_was_kept_while_the_receivers_clock_was_ahead_is_forgotten_when_it_is_right_again()
    {
        var tomorrow = Noon + TimeSpan.FromDays(1);
        var window = SlaWindow.Empty;
        for (var second = 1; second <= 25; second++)
            window = window.Add(Report("a", 86_400 + second, 5), Frame, tomorrow + Seconds(second), Tolerance).Window;
        Assert.True(window.ClosedUpTo > tomorrow);
        var (after, closed) = Play(Reports("a", [.. Enumerable.Repeat(5L, 60)], 0), 0, window);
        Assert.Equal(60 * 5, closed.Sum(one => one.Requests) + after.Requests);
    }

    [Fact]
    public void A_node_that_falls_silent_is_not_waited_for_beyond_what_clocks_may_differ()
    {
        var both = Enumerable.Range(1, 5).SelectMany(second => new[] { Report("a", second, 5), Report("b", second, 7) });
        var (window, closed) = Play([.. both, .. Enumerable.Range(6, 40).Select(second => Report("a", second, 5))]);
        Assert.Equal([50 + 35, 50, 50, 50], closed.Select(one => one.Requests));
        Assert.Equal("a", Assert.Single(window.Marks).Name);
    }

    [Fact]
    public void A_node_whose_clock_is_set_back_is_told_that_it_is_late_instead_of_being_taken_for_one_that_repeats_itself()
    {
        var (window, _) = Play(Reports("a", [.. Enumerable.Repeat(5L, 600)], 0));
        var step = window.Add(Report("a", 300.5, 5), Frame, Noon + Seconds(601), Tolerance);
        Assert.Equal(WhyNothing.Late, step.Why);
    }

    [Fact]
    public void What_comes_long_after_its_window_was_closed_is_late_and_changes_nothing()
    {
        var (window, _) = Play(Reports("a", [.. Enumerable.Repeat(5L, 60)], 0));
        var step = window.Add(Report("b", 15, 1000), Frame, Noon + Seconds(60), Tolerance);
        Assert.Equal((WhyNothing.Late, window), (step.Why, step.Window));
        Assert.Contains("at most 20 s may lie between", step.Detail);
    }

    [Fact]
    public void What_comes_a_little_after_its_window_was_closed_counts_in_the_next()
    {
        var (window, closed) = Play(Reports("a", [.. Enumerable.Repeat(5L, 31)], 0));
        Assert.Equal(3, closed.Count);
        var step = window.Add(Report("b", 29.5, 1000), Frame, Noon + Seconds(31), Tolerance);
        Assert.Null(step.Why);
        Assert.Equal(window.Requests + 1000, step.Window.Requests);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(-10, 0)]
    [InlineData(10, 10)]
    [InlineData(10, -1)]
    public void There_are_no_windows_without_a_length_or_that_begin_beyond_it(double length, double phase) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WindowFrame(Seconds(length), Seconds(phase)));

    [Fact]
    public void Counts_that_are_too_large_to_add_up_stay_the_largest_that_every_reader_can_read()
    {
        var most = Report("a", 1, 1) with { Requests = Messaging.Wire.MostWhole };
        var window = SlaWindow.Empty.Add(most, Frame, most.To, Tolerance).Window;
        var step = window.Add(most with { From = most.To, To = most.To + Seconds(1) }, Frame, most.To + Seconds(1), Tolerance);
        Assert.Equal(Messaging.Wire.MostWhole, step.Window.Requests);
    }

    [Fact]
    public void Figures_that_are_too_large_to_add_up_make_nothing_fail()
    {
        var huge = Report("a", 1, long.MaxValue) with
        {
            Errors = long.MaxValue,
            TotalResponseTime = TimeSpan.MaxValue,
            Open = new WaitingRequests(long.MaxValue, TimeSpan.MaxValue, TimeSpan.MaxValue),
        };
        var window = SlaWindow.Empty.Add(huge, Frame, huge.To, Tolerance).Window;
        for (var second = 2; second <= 11; second++)
        {
            var step = window.Add(huge with { From = huge.To, To = Noon + Seconds(second) }, Frame, Noon + Seconds(second), Tolerance);
            window = step.Window;
            Assert.All(step.Closed, closed => Assert.NotNull(closed.Mean(1)));
        }
    }

    [Fact]
    public void An_external_monitors_windows_that_overlap_its_last_one_are_late_and_the_same_one_is_a_duplicate()
    {
        var first = new ExternalWindowReported("sonde", "shop", Noon, Noon + Seconds(10), 50, Milliseconds(40));
        var window = SlaWindow.Empty.Add(first, first.To, Tolerance).Window;
        Assert.Equal(WhyNothing.AlreadyHandled, window.Add(first, first.To, Tolerance).Why);
        var earlier = first with { From = Noon - Seconds(0.5), To = Noon + Seconds(9.5) };
        Assert.Equal(WhyNothing.Late, window.Add(earlier, first.To, Tolerance).Why);
        Assert.Equal(WhyNothing.Ahead, window.Add(first with { To = DateTimeOffset.MaxValue }, first.To, Tolerance).Why);
        Assert.Null(window.Add(first with { From = first.To, To = Noon + Seconds(20) }, Noon + Seconds(20), Tolerance).Why);
    }

    internal static ResponseTimesMeasured Report(string node, double second, long requests) => new(
        node,
        "shop",
        "application",
        Noon + Seconds(second - 1),
        Noon + Seconds(second),
        requests,
        0,
        Milliseconds(50 * requests),
        Milliseconds(50),
        Milliseconds(50));

    private static List<ResponseTimesMeasured> Reports(string node, long[] requests, double apart) =>
        [.. requests.Select((count, i) => Report(node, i + 2 + apart, count))];

    /// <summary>Each node's reports in order, none further ahead of the other's than clocks may differ; both are heard at first.</summary>
    private static IEnumerable<ResponseTimesMeasured> Mixed(
        List<ResponseTimesMeasured> a, List<ResponseTimesMeasured> b, IReadOnlyList<bool> turns)
    {
        var (nextA, nextB, turn) = (1, 1, 0);
        yield return a[0];
        yield return b[0];
        while (nextA < a.Count || nextB < b.Count)
        {
            var mayA = nextA < a.Count && nextA - nextB < 17;
            var mayB = nextB < b.Count && nextB - nextA < 17;
            yield return mayA && (!mayB || turns[turn++ % turns.Count]) ? a[nextA++] : b[nextB++];
        }
    }

    /// <summary>Delivers reports; the receiver's clock is where the latest ends, less <paramref name="behind"/>.</summary>
    private static (SlaWindow Window, List<ClosedWindow> Closed) Play(
        IEnumerable<ResponseTimesMeasured> reports, double behind = 0, SlaWindow? start = null)
    {
        var (window, closed, at) = (start ?? SlaWindow.Empty, new List<ClosedWindow>(), Noon);
        foreach (var report in reports)
        {
            at = report.To > at ? report.To - Seconds(behind) : at;
            var step = window.Add(report, Frame, at, Tolerance);
            // What is said again after its window was closed long ago is late, whoever says it.
            Assert.True(step.Why is null or WhyNothing.AlreadyHandled or WhyNothing.Late, $"{step.Why}: {step.Detail}");
            window = step.Window;
            closed.AddRange(step.Closed);
        }

        return (window, closed);
    }
}
