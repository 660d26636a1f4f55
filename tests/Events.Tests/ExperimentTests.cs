using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Lease, clone, allocate, replay, measure; whatever fails, the driver goes on (§2.2.1, DESIGN §4).</summary>
public sealed class ExperimentTests
{
    private static readonly ExperimentDecider Decider = new();
    private static readonly Guid Request = DeterministicId.From(Cause().MessageId, "clone");
    private static readonly CloneRequested Clone = Requested(Request);
    private static readonly Guid Experiment = DeterministicId.From(Cause(2).MessageId, "experiment");
    private static readonly SandboxLeased Lease = new("sandbox-1", MatrixStream, Clone.LeaseUntil);
    private static readonly TimerElapsed Retry = new(MatrixStream, TimerKind.SandboxRetry, MatrixId, Noon);

    [Fact]
    public void A_free_sandbox_is_leased_and_a_clone_asked_for()
    {
        var decision = Given.Stream(MatrixStream, Opened).When(Retry, Decider);
        decision.Of(MatrixStream).Then(Clone);
        decision.Of(SandboxStream).Then(Lease);
    }

    [Fact]
    public void A_sandbox_that_another_matrix_holds_is_waited_for()
    {
        var held = Given.Stream(MatrixStream, Opened).Given(
            SandboxStream, new SandboxLeased("sandbox-1", "matrix-other", Noon + Seconds(1)));
        held.When(Retry, Decider).Then(new SandboxAwaited(MatrixId, "sandbox-1", "matrix-other", Noon + Rules.Exploring.SandboxRetryAfter));
        // A lease that has run out holds nothing.
        Assert.Single(held.When(Retry, Decider, Cause(at: Noon + Seconds(1))).Of(SandboxStream));
    }

    [Fact]
    public void The_clone_is_ready_and_the_first_experiment_starts() =>
        Leased(Opened, Clone).When(Cloned(Clone), Decider, Cause(2)).Then(Ready(Clone), Started(0, Experiment, Clone));

    [Fact]
    public void What_no_dimension_varies_the_clone_has_as_the_original_has_it()
    {
        var memoryOnly = Opened with { Dimensions = [new Dimension(ResourceNames.Memory, 128, 512, 3)], Online = Have(0.5) };
        var decision = Leased(memoryOnly, Clone).When(Cloned(Clone), Decider, Cause(2));
        Assert.Equal(Have(0.5, 128), decision.Of(MatrixStream).OfType<ExperimentStarted>().Single().Allocation);
    }

    [Fact]
    public void The_allocation_is_set_and_the_replay_may_begin() => Running()
        .When(new AllocationSet(MatrixStream, Experiment, Agent, Clone.CloneName, Have(0.6)), Decider)
        .Then(new SandboxAllocated(
            MatrixId,
            Experiment,
            Have(0.6),
            "shop",
            "application",
            "10.0.0.2:80",
            "proxies",
            Durations,
            Noon + Durations.Longest + Rules.Exploring.ExperimentGrace));

    [Fact]
    public void An_allocation_that_is_set_twice_begins_one_replay()
    {
        var streams = Running();
        var set = new AllocationSet(MatrixStream, Experiment, Agent, Clone.CloneName, Have(0.6));
        streams.Handle<AllocationSet>(Decider, set, Cause(3));
        streams.When(set, Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void A_measurement_completes_the_experiment_and_starts_the_next()
    {
        var next = DeterministicId.From(Cause(3).MessageId, "experiment");
        Running().When(Measured(Experiment, 150), Decider, Cause(3)).Then(Completed(0, 150, id: Experiment), Started(4, next, Clone));
    }

    [Fact]
    public void A_measurement_carries_the_power_that_was_drawn_meanwhile_and_the_question_is_recorded()
    {
        var online = new PowerDrawn("app-1", new Watts(220), new Watts(180), new Watts(30), false, "redfish");
        var sandbox = new PowerDrawn("sandbox-1", new Watts(95), new Watts(80), new Watts(15), true, "estimate");
        var streams = new InMemoryStreams(asked => ((PowerAsked)asked).Vm == "shop-app" ? online : sandbox)
            .Given(MatrixStream, Opened, Clone, Ready(Clone), Started(0, Experiment, Clone)).Given(SandboxStream, Lease);
        var (decision, reading) = streams.When(Decider, Measured(Experiment, 150), Cause(3));
        Given.Then(
            decision.Of(MatrixStream).Take(1),
            Completed(0, 150, id: Experiment) with { OnlinePower = online, SandboxPower = sandbox });
        var shift = Durations.TimeShift;
        Assert.Equal(
            [
                new PowerAsked(DataCenter, "shop-app", Noon, Noon + Seconds(10)),
                new PowerAsked(DataCenter, Clone.CloneName, Noon + shift, Noon + Seconds(10) + shift),
            ],
            reading.Facts.Select(fact => (PowerAsked)fact.Asked));
    }

    [Fact]
    public void A_dimension_reaches_the_host_agent_under_its_name()
    {
        var started = Started(0, Experiment, Clone) with { Allocation = Cpu(0.6).With(ResourceNames.Frequency, 1800).With("threads", 8) };
        var set = Assert.IsType<SetAllocation>(Assert.Single(Consequences.CommandsOf(started, Guid.NewGuid())));
        Assert.Equal((new Frequency(1_800_000_000), 8), (set.Allocation.Frequency, set.Allocation["threads"]));
    }

    [Fact]
    public void A_measurement_that_is_none_fails_the_cell_with_the_reason_and_the_driver_goes_on()
    {
        var decided = Running().When(Measured(Experiment, 1) with { Failure = "3 duplicates were shed" }, Decider, Cause(3)).Of(
            MatrixStream);
        Assert.Equal("3 duplicates were shed", Assert.IsType<ExperimentFailed>(decided[0]).Reason);
        Assert.Equal(new Cell(4), Assert.IsType<ExperimentStarted>(decided[1]).Cell);
    }

    [Theory]
    [InlineData(0, 5, true)]
    [InlineData(0, 6, false)]
    [InlineData(90, 94, true)]
    public void Errors_are_no_success_but_those_that_the_original_has_too(long online, long clone, bool counts)
    {
        var measured = Measured(Experiment, 10) with
        {
            Online = Side(500) with { Errors = online },
            Sandbox = Side(10) with { Errors = clone },
        };
        var first = Running().When(measured, Decider, Cause(3)).Of(MatrixStream)[0];
        Assert.Equal(counts, first is ExperimentCompleted);
        if (first is ExperimentFailed failed)
        {
            Assert.Equal(
                "6 of 100 requests failed at the clone, 0 of 100 on-line; at most 5 % more are allowed", failed.Reason);
        }
    }

    [Fact]
    public void A_measurement_without_the_agreed_metric_is_none()
    {
        var without = Measured(Experiment, 1) with { Sandbox = new SideMeasured(10, 0, Measurement.Of(MetricNames.P95Ms, 5)) };
        Assert.IsType<ExperimentFailed>(Running().When(without, Decider, Cause(3)).Of(MatrixStream)[0]);
    }

    [Fact]
    public void After_the_last_experiment_the_clone_is_given_up_and_the_sandbox_is_free()
    {
        var streams = Leased(
            Opened,
            Clone,
            Ready(Clone),
            Started(0, Guid.Empty, Clone),
            Completed(0, 150),
            Started(4, Guid.Empty, Clone),
            Completed(4, 40),
            Started(2, Experiment, Clone));
        var decision = streams.When(Measured(Experiment, 60), Decider, Cause(3));
        decision.Of(MatrixStream).Then(Completed(2, 60, id: Experiment), Ended() with { CloneName = Clone.CloneName });
        decision.Of(SandboxStream).Then(new SandboxReleased("sandbox-1", MatrixStream));
        Assert.Equal(CorrelationId, decision.CorrelationId);
    }

    [Fact]
    public void A_violation_that_the_tiers_in_proxy_does_not_see_ends_the_experiments_and_says_so()
    {
        var seen = new Observation("sonde", External: true, 1000, Noon, Noon + Seconds(10));
        var opened = Opened with { Seen = seen, SeenHere = false };
        var decision = Leased(opened, Clone, Ready(Clone), Started(0, Experiment, Clone))
            .When(Measured(Experiment, 12, online: 14), Decider, Cause(3));
        var events = decision.Of(MatrixStream);
        var outside = Assert.IsType<CauseOutside>(events[1]);
        Assert.Equal(
            "the cause lies outside of tier application: sonde saw 1000 ms, the in-proxy of tier application 14 ms; agreed are 100 ms",
            outside.Reason);
        Assert.Equal(outside.Reason, Assert.IsType<ExperimentsEnded>(events[2]).Reason);
        Assert.IsType<SandboxReleased>(Assert.Single(decision.Of(SandboxStream)));
    }

    [Fact]
    public void A_violation_that_the_in_proxy_sees_too_is_explored_on()
    {
        var seen = new Observation("sonde", External: true, 1000, Noon, Noon + Seconds(10));
        var decision = Leased(Opened with { Seen = seen, SeenHere = false }, Clone, Ready(Clone), Started(0, Experiment, Clone))
            .When(Measured(Experiment, 150, online: 500), Decider, Cause(3));
        Assert.IsType<ExperimentStarted>(decision.Of(MatrixStream)[1]);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(30, false)]
    public void Slack_that_a_monitor_sees_counts_only_where_the_in_proxy_sees_about_the_same(double seenMs, bool outside)
    {
        var seen = new Observation("sonde", External: true, seenMs, Noon, Noon + Seconds(10));
        var opened = Opened with { Goal = ExplorationGoal.ReleaseSlack, Seen = seen, SeenHere = false };
        var decision = Leased(opened, Clone, Ready(Clone), Started(0, Experiment, Clone)).When(
            Measured(Experiment, 12, online: 14), Decider, Cause(3));
        Assert.Equal(outside, decision.Of(MatrixStream).OfType<CauseOutside>().Any());
    }

    [Theory]
    [InlineData(0.995, 0.5, 0.6, "experiments cannot reproduce what has passed: the in-proxy of tier application saw 99.5 % meanwhile")]
    [InlineData(
        0.5, 1, 0.6, "the cause is not the load: under the same, a clone with cpu 60 %, memory 256 MiB answers 100 %, the server 50 %")]
    [InlineData(0.5, 1, 0.5, null)]
    [InlineData(0.5, 0.5, 0.6, null)]
    public void Errors_are_explored_only_where_load_causes_them(double online, double clone, double original, string? reason)
    {
        var opened = Opened with
        {
            Agreement = Agreement.OnAvailability(0.99),
            Online = Have(original),
            Seen = new Observation("proxies", External: false, 0.5, Noon, Noon + Seconds(10)),
        };
        var measured = Measured(Experiment, 90) with { Online = Answering(online), Sandbox = Answering(clone) };
        var events = Leased(opened, Clone, Ready(Clone), Started(0, Experiment, Clone)).When(measured, Decider, Cause(3)).Of(MatrixStream);
        var outside = events.OfType<CauseOutside>().SingleOrDefault();
        Assert.Equal(reason is null, outside is null);
        if (reason is not null)
            Assert.StartsWith(reason, outside!.Reason);

        static Proxies.SideMeasured Answering(double fraction)
        {
            var side = Side(90);
            // Within what the errors of a clone may exceed those on-line: otherwise its experiment fails.
            return side with { Metrics = side.Metrics.With(MetricNames.Availability, fraction) };
        }
    }

    [Fact]
    public void A_clone_that_dies_fails_its_experiment_and_another_is_asked_for()
    {
        var decided = Running().When(new VmExited(Agent, Clone.CloneName, MatrixStream, "killed"), Decider, Cause(3)).Of(MatrixStream);
        Assert.Equal([typeof(ExperimentFailed), typeof(CloneFailed), typeof(CloneRequested)], decided.Select(@event => @event.GetType()));
        Assert.Equal("the clone died: killed", ((ExperimentFailed)decided[0]).Reason);
    }

    [Fact]
    public void A_refusal_because_the_clone_has_ended_asks_for_another_clone_and_the_exit_that_follows_decides_nothing()
    {
        var streams = Running();
        var refused = new AllocationRefused(MatrixStream, Experiment, Agent, Clone.CloneName, Ended: true, "it does not run here");
        var decided = streams.Handle<AllocationRefused>(Decider, refused, Cause(3)).Of(MatrixStream);
        Assert.Equal([typeof(ExperimentFailed), typeof(CloneFailed), typeof(CloneRequested)], decided.Select(@event => @event.GetType()));
        Assert.Equal("the clone died: it does not run here", ((ExperimentFailed)decided[0]).Reason);
        streams.When(new VmExited(Agent, Clone.CloneName, MatrixStream, "killed"), Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void A_refusal_while_the_clone_runs_fails_only_the_cell()
    {
        var refused = new AllocationRefused(MatrixStream, Experiment, Agent, Clone.CloneName, Ended: false, "no such group");
        var decided = Running().When(refused, Decider, Cause(3)).Of(MatrixStream);
        Assert.Contains("refused: no such group", Assert.IsType<ExperimentFailed>(decided[0]).Reason);
        Assert.Equal(new Cell(4), Assert.IsType<ExperimentStarted>(decided[1]).Cell);
    }

    [Fact]
    public void Cloning_that_fails_three_times_ends_the_experiments_with_the_reason()
    {
        var streams = Leased(Opened, Clone, new CloneFailed(MatrixId, "a", "x"), Clone, new CloneFailed(MatrixId, "b", "x"), Clone);
        var decision = streams.When(new VmCloneFailed(MatrixStream, Request, Agent, Clone.CloneName, "disk full"), Decider, Cause(3));
        Assert.Equal("no clone could be made: disk full", Assert.IsType<ExperimentsEnded>(decision.Of(MatrixStream)[^1]).Reason);
        Assert.Single(decision.Of(SandboxStream));
    }

    [Theory]
    [InlineData(TimerKind.CloneOverdue)]
    [InlineData(TimerKind.ExperimentOverdue)]
    public void A_timer_whose_wait_is_over_decides_nothing(TimerKind kind) => Running()
        .When(new TimerElapsed(MatrixStream, kind, Guid.NewGuid(), Noon), Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);

    [Fact]
    public void An_experiment_that_is_never_heard_of_fails_by_its_timer()
    {
        var timer = new TimerElapsed(MatrixStream, TimerKind.ExperimentOverdue, Experiment, Noon);
        Assert.Equal(
            "no measurement came in time",
            Assert.IsType<ExperimentFailed>(Running().When(timer, Decider, Cause(4)).Of(MatrixStream)[0]).Reason);
    }

    [Fact]
    public void Answers_to_somebody_else_decide_nothing()
    {
        Running().When(Measured(Guid.NewGuid(), 1), Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
        Running().When(new AllocationSet(MatrixStream, Guid.NewGuid(), Agent, "", Have(1)), Decider).ThenNothing(WhyNothing.NotAwaited);
        Running().When(new AllocationSet(DataCenterStream, Guid.NewGuid(), Agent, "", Have(1)), Decider).ThenNothing(
            WhyNothing.NotAddressed);
        Running().When(Cloned(Requested(Guid.NewGuid())), Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
        Running().When(new VmExited(Agent, "shop-app", null, "killed"), Decider).ThenNothing(WhyNothing.NotAddressed);
    }

    [Fact]
    public void Who_knows_the_number_of_a_request_is_not_believed_for_that_alone()
    {
        var waiting = Leased(Opened, Clone);
        waiting.When(Cloned(Clone) with { Agent = "another" }, Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        waiting.When(Cloned(Clone) with { CloneName = "another" }, Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        waiting.When(new VmCloneFailed(MatrixStream, Request, "another", Clone.CloneName, "no"), Decider, Cause(2))
            .ThenNothing(WhyNothing.NotAwaited);
        foreach (var (agent, vm) in new[] { ("another", Clone.CloneName), (Agent, "another") })
        {
            Running().When(new AllocationSet(MatrixStream, Experiment, agent, vm, Have(1)), Decider).ThenNothing(WhyNothing.NotAwaited);
            var refused = new AllocationRefused(MatrixStream, Experiment, agent, vm, true, "no");
            Running().When(refused, Decider).ThenNothing(WhyNothing.NotAwaited);
        }

        Running().When(Measured(Experiment, 1) with { ProxyNode = "another" }, Decider, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
        Running().When(new VmExited("another", Clone.CloneName, MatrixStream, "killed"), Decider).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void Counts_that_no_reader_with_doubles_can_read_are_refused_by_field_and_value()
    {
        const long tooMany = Wire.MostWhole + 1;
        Fails(Measured(Experiment, 90) with { Shed = tooMany }, "shed");
        Fails(Measured(Experiment, 90) with { Matches = new MatchCounts(1, tooMany, 0, 0) }, "matches.wildcard");
        Fails(Measured(Experiment, 90) with { GivenUp = new Dictionary<string, long> { ["diverged"] = tooMany } }, "givenUp.diverged");
        Fails(Measured(Experiment, 90) with { Online = Side(500) with { Requests = tooMany } }, "online.requests");
        var decision = Leased(Opened, Clone).When(Cloned(Clone) with { BytesCopied = tooMany }, Decider, Cause(2));
        decision.ThenNothing(WhyNothing.Refused);
        Assert.Equal($"bytesCopied: {tooMany} must be at most {Wire.MostWhole}", decision.Detail);

        static void Fails(ReplayMeasured measured, string field) => Assert.Equal(
            $"{field}: {tooMany} must be at most {Wire.MostWhole}",
            Assert.IsType<ExperimentFailed>(Running().When(measured, Decider, Cause(4)).Of(MatrixStream)[0]).Reason);
    }

    [Theory]
    [InlineData(0, 0, 5, "sandbox.requests: 0; allowed is 1 or more")]
    [InlineData(10, -1, 5, "sandbox.errors: -1; allowed is 0 or more")]
    [InlineData(10, 11, 5, "sandbox.errors: 11; allowed is at most 10, as there are requests")]
    [InlineData(10, 0, -5, "sandbox.metrics.meanMs: -5; allowed is 0 or more")]
    public void A_measurement_that_cannot_be_is_none(long requests, long errors, double mean, string reason)
    {
        var side = new SideMeasured(requests, errors, Measurement.Of(MetricNames.MeanMs, mean));
        var measured = Measured(Experiment, 90) with { Sandbox = side };
        var failed = Assert.IsType<ExperimentFailed>(Running().When(measured, Decider, Cause(4)).Of(MatrixStream)[0]);
        Assert.Equal(reason, failed.Reason);
    }

    [Fact]
    public void Waits_and_patience_are_those_of_the_policy()
    {
        var policy = Rules with
        {
            Exploring = new ExploringPolicy
            {
                CloneTimeout = Seconds(
                7),
                ExperimentGrace = Seconds(1),
                SandboxRetryAfter = Seconds(9),
                CloneAttempts = 1
            },
        };
        var streams = Given.Stream(MatrixStream, Opened).Given(
            Streams.Policy(DataCenter), new DataCenterConfigured(DataCenter, policy, Noon));
        var requested = Assert.IsType<CloneRequested>(
            Assert.Single(streams.Handle<TimerElapsed>(Decider, Retry, Cause()).Of(MatrixStream)));
        Assert.Equal(Noon + Seconds(7), Assert.Single(Consequences.TimersOf(requested)).DueAt);
        var failed = new VmCloneFailed(MatrixStream, requested.RequestId, Agent, requested.CloneName, "disk full");
        Assert.IsType<ExperimentsEnded>(streams.When(failed, Decider, Cause(2)).Of(MatrixStream)[^1]);
    }

    [Fact]
    public void Commands_and_timers_follow_from_the_events_alone()
    {
        var command = Assert.IsType<CloneVm>(Assert.Single(Consequences.CommandsOf(Clone, Guid.NewGuid())));
        Assert.Equal((Request, "shop-app", "sandbox-1"), (command.RequestId, command.Vm, command.SandboxMachine));
        Assert.Equal(Noon + Rules.Exploring.CloneTimeout, Assert.Single(Consequences.TimersOf(Clone)).DueAt);
        var set = Assert.IsType<SetAllocation>(Assert.Single(Consequences.CommandsOf(Started(0, Experiment, Clone), Guid.NewGuid())));
        Assert.Equal((Experiment, Have(0.6)), (set.RequestId, set.Allocation));
    }

    private static InMemoryStreams Leased(params IDomainEvent[] matrix) => Given.Stream(MatrixStream, matrix).Given(SandboxStream, Lease);

    private static InMemoryStreams Running() => Leased(Opened, Clone, Ready(Clone), Started(0, Experiment, Clone));
}
