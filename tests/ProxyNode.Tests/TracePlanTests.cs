using CsCheck;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Sessions;
using JustRunIt.ProxyNode.Tracing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Which sessions of a trace are repeated, and when (§2.3, §6).</summary>
public sealed class TracePlanTests
{
    private static readonly Gen<List<TraceFile.Recorded>> Traces = Gen.Select(Gen.Long[1, 9], Gen.Int[0, 100_000], Gen.Int[1, 2000])
        .Select((connection, arrival, time) => Exchange(connection, arrival, time))
        .List[1, 60];

    [Fact]
    public void Within_a_session_every_gap_is_the_original_s_at_any_speed() =>
        Gen.Select(Traces, Gen.Double[0.01, 4], Gen.Double[0.1, 10], Gen.Int).Sample((trace, fraction, speed, seed) =>
        {
            foreach (var planned in TracePlan.Make(TracePlan.Sessions(trace, SessionRules.Connections), fraction, speed, seed))
            {
                for (var i = 1; i < planned.Exchanges.Count; i++)
                    Assert.Equal(
                        planned.Exchanges[i].Entry.Arrival - planned.Exchanges[i - 1].Entry.Arrival,
                        planned.DueOf(i) - planned.DueOf(i - 1));
            }
        });

    [Fact]
    public void The_gaps_within_a_session_are_divided_by_the_pace_and_sessions_begin_as_they_would() =>
        Gen.Select(Traces, Gen.Double[0.1, 10], Gen.Int).Sample((trace, pace, seed) =>
        {
            var sessions = TracePlan.Sessions(trace, SessionRules.Connections);
            var plan = TracePlan.Make(sessions, 1.5, 2, seed, pace);
            Assert.Equal(TracePlan.Make(sessions, 1.5, 2, seed).Select(planned => planned.Begin), plan.Select(planned => planned.Begin));
            foreach (var planned in plan)
            {
                var length = planned.Exchanges[^1].Entry.Arrival - planned.Exchanges[0].Entry.Arrival;
                Assert.Equal(
                    length.TotalMilliseconds / pace,
                    (planned.DueOf(planned.Exchanges.Count - 1) - planned.DueOf(0)).TotalMilliseconds,
                    tolerance: 0.001);
            }
        });

    [Fact]
    public void Every_session_is_repeated_as_often_as_the_fraction_says_or_once_more() =>
        Gen.Select(Traces, Gen.Double[0.01, 4], Gen.Int).Sample((trace, fraction, seed) =>
        {
            var sessions = TracePlan.Sessions(trace, SessionRules.Connections);
            var plan = TracePlan.Make(sessions, fraction, 1, seed);
            Assert.InRange(plan.Count, (int)Math.Floor(fraction * sessions.Count), (int)Math.Ceiling(fraction * sessions.Count));
            foreach (var session in sessions)
            {
                var times = plan.Where(planned => planned.Exchanges == session).ToList();
                Assert.InRange(times.Count, (int)Math.Floor(fraction), (int)Math.Floor(fraction) + 1);
                Assert.Equal(Enumerable.Range(0, times.Count), times.Select(planned => planned.Copy).Order());
            }
        });

    [Fact]
    public void The_same_seed_gives_the_same_plan() =>
        Gen.Select(Traces, Gen.Int).Sample((trace, seed) =>
        {
            var sessions = TracePlan.Sessions(trace, SessionRules.Connections);
            Assert.Equal(TracePlan.Make(sessions, 1.5, 2, seed), TracePlan.Make(sessions, 1.5, 2, seed));
        });

    [Fact]
    public void Faster_brings_the_beginnings_of_sessions_together()
    {
        var sessions = TracePlan.Sessions([Exchange(1, 0, 1), Exchange(2, 3000, 1), Exchange(2, 3500, 1)], SessionRules.Connections);
        var plan = TracePlan.Make(sessions, 1, 1.5, seed: 1);
        Assert.Equal([0, 2000], plan.Select(planned => planned.Begin.TotalMilliseconds));
        Assert.Equal(2500, plan[1].DueOf(1).TotalMilliseconds);
    }

    [Fact]
    public void A_session_goes_on_over_connections_once_the_server_has_named_it()
    {
        var rules = new SessionRules(SessionKind.Identity, new HashSet<string>());
        var sessions = TracePlan.Sessions(
            [
                Exchange(1, 0, 10, issued: "a"), Exchange(1, 20, 10, issued: "b"),
                Exchange(2, 40, 10, name: "a"), Exchange(3, 50, 10, name: "b"),
            ],
            rules);
        Assert.Equal(
            ["0 40", "20 50"],
            sessions.Select(session => string.Join(' ', session.Select(exchange => exchange.Entry.Arrival.TotalMilliseconds))));
    }

    private static TraceFile.Recorded Exchange(
        long connection, int arrivalMilliseconds, int milliseconds, string? issued = null, string? name = null) => new(new TraceEntry
        {
            Connection = connection,
            Arrival = TimeSpan.FromMilliseconds(arrivalMilliseconds),
            ResponseTime = TimeSpan.FromMilliseconds(milliseconds),
            Status = 200,
            IsError = false,
            IsOneWay = false,
            ReplyLength = 0,
            ReplyHash = 0,
            Issued = issued is null ? [] : [new IssuedName(issued, IsDeclared: false)],
        },
        name is null ? [] : [name],
        0,
        0);
}
