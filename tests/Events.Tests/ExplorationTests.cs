using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>One exploration at a time a service, begun by a violation or by slack, tier by tier (§3.1).</summary>
public sealed class ExplorationTests
{
    private static readonly ExplorationDecider Decider = new();
    private static readonly Guid Id = DeterministicId.From(Cause().MessageId, "exploration");
    private static readonly Guid First = DeterministicId.From(Id, "matrix/application");
    private static readonly Guid Second = DeterministicId.From(Id, "matrix/web");

    [Fact]
    public void A_violation_begins_an_exploration_opens_the_first_tier_and_asks_for_its_clone()
    {
        var decision = Shop().When(Violated(), Decider);
        var exploration = new ExplorationStarted(
            Id,
            "shop",
            DataCenter,
            "justrunit.sla-violated.v2",
            ExplorationGoal.KeepAgreement,
            HundredMs,
            new Observation("proxies", false, 120, Noon, Noon + Seconds(10)),
            Registered().Exploration,
            [First],
            1,
            Noon);
        decision.Of(ExplorationsStream).Then(exploration);
        var opened = Assert.IsType<MatrixOpened>(decision.Of(Streams.Matrix(First))[0]);
        Assert.Equal(("shop-app", "sandbox-1", "127.0.0.1:1"), (opened.Vm, opened.Sandbox.Machine, opened.Sandbox.Next));
        Assert.Equal((Online, true, ExplorationGoal.KeepAgreement), (opened.Online, opened.SeenHere, opened.Goal));
        Assert.IsType<CloneRequested>(decision.Of(Streams.Matrix(First))[1]);
        Assert.IsType<SandboxLeased>(Assert.Single(decision.Of(SandboxStream)));
    }

    [Fact]
    public void Everything_that_follows_has_the_correlation_of_the_violation()
    {
        var cause = Cause() with { CorrelationId = CorrelationId };
        var decision = Shop().When(Violated(), Decider, cause);
        Assert.Equal(CorrelationId, decision.CorrelationId);
        Assert.Equal(CorrelationId, ((MatrixOpened)decision.Of(Streams.Matrix(First))[0]).CorrelationId);
    }

    [Fact]
    public void A_violation_that_its_source_has_called_restored_since_begins_none() =>
        Shop(Restored()).When(Violated(), Decider).ThenNothing(WhyNothing.NotAwaited);

    [Fact]
    public void While_one_is_active_another_violation_begins_none() => Shop().Given(ExplorationsStream, Exploration())
        .When(Violated(), Decider, Cause(2)).ThenNothing(WhyNothing.UnderWay);

    [Fact]
    public void After_one_has_ended_violations_are_left_alone_for_a_while()
    {
        var ended = Shop().Given(ExplorationsStream, Exploration(), new ExplorationCompleted(Id, "shop", "done", Noon));
        ended.When(Violated(from: Noon + Seconds(49)), Decider, Cause(2)).ThenNothing(WhyNothing.CoolingDown);
        Assert.Null(ended.When(Violated(from: Noon + Seconds(50)), Decider, Cause(2)).Why);
    }

    [Fact]
    public void A_service_that_nobody_registered_is_not_explored() =>
        new InMemoryStreams().When(Violated(), Decider).ThenNothing(WhyNothing.Unregistered);

    [Fact]
    public void Slack_begins_an_exploration_that_is_to_release_it_unless_the_agreement_is_broken()
    {
        var decision = Shop(Restored()).When(Slack(), Decider);
        Assert.Equal(ExplorationGoal.ReleaseSlack, ((ExplorationStarted)decision.Of(ExplorationsStream)[0]).Goal);
        Shop().When(Slack(), Decider).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void What_an_external_monitor_saw_was_not_seen_where_experiments_measure()
    {
        var streams = Shop(Violated(1000, "sonde", external: true));
        var opened = (MatrixOpened)streams.When(Violated(1000, "sonde", external: true), Decider).Of(Streams.Matrix(First))[0];
        Assert.Equal((false, "sonde"), (opened.SeenHere, opened.Seen!.Source));
    }

    [Fact]
    public void A_tier_at_which_the_agreement_is_not_measured_did_not_see_its_violation()
    {
        var streams = Shop(Registered(tiers: "web"), Violated()).Given(DataCenterStream, Vm("shop-web", "app-1", 0.2, tier: "web"));
        Assert.False(((MatrixOpened)streams.When(Violated(), Decider).Of(Streams.Matrix(Second))[0]).SeenHere);
    }

    [Fact]
    public void Slack_is_released_only_where_the_agreement_is_measured()
    {
        var streams = Shop(Registered(tiers: "web")).Given(DataCenterStream, Vm("shop-web", "app-1", 0.2, tier: "web"));
        var completed = streams.When(Slack(), Decider).Of(ExplorationsStream).OfType<ExplorationCompleted>().Single();
        Assert.Equal("slack is released where the agreement is measured, at tier application, and not at web", completed.Reason);
    }

    [Fact]
    public void Slack_that_could_not_be_decided_on_is_not_explored_again_while_the_agreement_is_broken()
    {
        var ended = new ExplorationCompleted(Id, "shop", "done", Noon);
        Shop().Given(ExplorationsStream, Exploration(), ended)
            .When(NotDecided(WhyNotDecided.TooOld) with { Goal = ExplorationGoal.ReleaseSlack }, Decider, Cause(2))
            .ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void A_server_that_has_moved_to_another_agent_is_cloned_there()
    {
        var streams = Shop().Given(
            DataCenterStream,
            Machine("app-2", agent: "other"),
            Machine("sandbox-2", role: MachineRole.Sandbox, agent: "other"),
            new MigrationCompleted(Guid.NewGuid(), 0, "shop-app", "app-2", Seconds(1)));
        var opened = (MatrixOpened)streams.When(Violated(), Decider).Of(Streams.Matrix(First))[0];
        Assert.Equal(("other", "sandbox-2"), (opened.Sandbox.Agent, opened.Sandbox.Machine));
    }

    [Fact]
    public void Without_a_server_a_sandbox_or_an_announced_machine_the_exploration_ends_with_the_reason()
    {
        Ends("no server of tier application runs in data centre dc");
        Ends(
            "host agent agent, which runs shop-app, has no sandbox machine in data centre dc; add one to its file",
            Machine("app-1"),
            Vm("shop-app", "app-1", 0.5));
        Ends("machine app-1, where shop-app runs, has not been announced", Vm("shop-app", "app-1", 0.5));

        static void Ends(string reason, params IDomainEvent[] inventory)
        {
            var decision = Given.Stream(ServiceStream, Registered(), Violated()).Given(DataCenterStream, inventory).When(
                Violated(), Decider);
            var events = decision.Of(ExplorationsStream);
            Assert.Equal(reason, Assert.IsType<ExplorationCompleted>(events[^1]).Reason);
        }
    }

    [Fact]
    public void When_a_tier_is_done_the_next_gets_the_sandbox_at_once_and_after_the_last_the_exploration_ends()
    {
        var streams = Shop(Registered(tiers: ["application", "web"]), Violated()).Given(
            DataCenterStream, Vm("shop-web", "app-1", 0.2, tier: "web"));
        streams.Handle<SlaViolated>(Decider, Violated(), Cause());
        var decision = FailThreeTimes(First, 10);
        Assert.Equal([typeof(SandboxReleased), typeof(SandboxLeased)], decision.Of(SandboxStream).Select(e => e.GetType()));
        Assert.Equal([typeof(MatrixOpened), typeof(CloneRequested)], decision.Of(Streams.Matrix(Second)).Select(e => e.GetType()));
        decision = FailThreeTimes(Second, 20);
        Assert.Equal(
            "no clone could be made: disk full",
            Assert.IsType<ExplorationCompleted>(Assert.Single(decision.Of(ExplorationsStream))).Reason);

        Decision FailThreeTimes(Guid matrix, int cause)
        {
            Decision? last = null;
            for (var attempt = 0; attempt < Rules.Exploring.CloneAttempts; attempt++)
            {
                var request = streams[Streams.Matrix(matrix)].OfType<CloneRequested>().Last();
                var failed = new VmCloneFailed(Streams.Matrix(matrix), request.RequestId, Agent, request.CloneName, "disk full");
                last = streams.Handle<VmCloneFailed>(new ExperimentDecider(), failed, Cause(cause + attempt));
            }

            return last!;
        }
    }

    [Theory]
    [InlineData(WhyNotDecided.Incomplete)]
    [InlineData(WhyNotDecided.Contradictory)]
    [InlineData(WhyNotDecided.TooOld)]
    public void A_matrix_that_could_not_decide_is_explored_again_at_once(WhyNotDecided reason)
    {
        var streams = Shop().Given(ExplorationsStream, Exploration(), new ExplorationCompleted(Id, "shop", "done", Noon));
        var started = Assert.IsType<ExplorationStarted>(streams.When(NotDecided(reason), Decider, Cause(2)).Of(ExplorationsStream)[0]);
        Assert.Equal((2, "justrunit.allocation-not-decided.v1"), (started.Attempt, started.Trigger));
    }

    [Theory]
    [InlineData(WhyNotDecided.Superseded)]
    [InlineData(WhyNotDecided.CauseOutside)]
    [InlineData(WhyNotDecided.NothingToGain)]
    [InlineData(WhyNotDecided.NoServer)]
    public void What_measuring_again_does_not_mend_is_not_explored_again(WhyNotDecided reason) => Shop()
        .Given(ExplorationsStream, Exploration(), new ExplorationCompleted(Id, "shop", "done", Noon))
        .When(NotDecided(reason), Decider, Cause(2)).ThenNothing(WhyNothing.NotAddressed);

    [Fact]
    public void It_is_explored_again_only_so_often_only_for_the_last_one_and_only_while_the_agreement_is_broken()
    {
        var ended = new ExplorationCompleted(Id, "shop", "done", Noon);
        Shop().Given(ExplorationsStream, Exploration() with { Attempt = 3 }, ended)
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.Exhausted);
        Shop().Given(ExplorationsStream, Exploration() with { ExplorationId = Guid.NewGuid() }, ended)
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        Shop(Restored()).Given(ExplorationsStream, Exploration(), ended)
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Theory]
    [InlineData(WhyNotDecided.Incomplete)]
    [InlineData(WhyNotDecided.Contradictory)]
    [InlineData(WhyNotDecided.TooOld)]
    public void What_could_not_decide_while_another_tier_is_explored_is_noted_and_explored_again_at_the_end(WhyNotDecided reason)
    {
        var streams = Shop(Registered(tiers: ["application", "web"]), Violated()).Given(
            DataCenterStream, Vm("shop-web", "app-1", 0.2, tier: "web"));
        streams.Handle<SlaViolated>(Decider, Violated(), Cause());
        var refused = NotDecided(reason);
        var noted = new RepetitionNoted(
            Id, "shop", First, "application", ExplorationGoal.KeepAgreement, CorrelationId, "because", Noon);
        var decision = streams.Handle<AllocationNotDecided>(Decider, refused, Cause(2));
        decision.Then(noted);
        Assert.Equal(CorrelationId, decision.CorrelationId);
        // One that follows it, of this tier or of another one, changes nothing.
        streams.When(refused, Decider, Cause(3)).ThenNothing(WhyNothing.UnderWay);
        streams.When(refused with { MatrixId = Second, Tier = "web" }, Decider, Cause(3)).ThenNothing(WhyNothing.UnderWay);

        var ended = new ExplorationCompleted(Id, "shop", "done", Noon);
        streams.Given(ExplorationsStream, ended);
        decision = streams.Handle<ExplorationCompleted>(Decider, ended, Cause(4));
        var again = Assert.IsType<ExplorationStarted>(decision.Of(ExplorationsStream)[0]);
        Assert.Equal(
            (2, "justrunit.allocation-not-decided.v1", 2, CorrelationId),
            (again.Attempt, again.Trigger, again.Matrices.Count, decision.CorrelationId!.Value));
        Assert.IsType<MatrixOpened>(decision.Of(Streams.Matrix(again.Matrices[0]))[0]);
        streams.When(ended, Decider, Cause(5)).ThenNothing(WhyNothing.Unchanged);
    }

    [Fact]
    public void What_is_noted_is_explored_again_only_so_often_only_for_the_last_one_and_only_while_the_agreement_is_broken()
    {
        Shop().Given(ExplorationsStream, Exploration() with { Attempt = 3 })
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.Exhausted);
        Shop().Given(ExplorationsStream, Exploration() with { ExplorationId = Guid.NewGuid() })
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        var ended = new ExplorationCompleted(Id, "shop", "done", Noon);
        var noted = new RepetitionNoted(
            Id, "shop", First, "application", ExplorationGoal.KeepAgreement, CorrelationId, "because", Noon);
        Shop().Given(ExplorationsStream, Exploration(), ended).When(ended, Decider, Cause(2)).ThenNothing(WhyNothing.Unchanged);
        Shop(Restored()).Given(ExplorationsStream, Exploration(), noted, ended)
            .When(ended, Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        Shop().Given(ExplorationsStream, Exploration(), noted, ended, Exploration() with { ExplorationId = Guid.NewGuid() })
            .When(ended, Decider, Cause(2)).ThenNothing(WhyNothing.Unchanged);
    }

    [Fact]
    public void What_is_registered_in_another_data_centre_meanwhile_is_not_explored_again_there()
    {
        var ended = new ExplorationCompleted(Id, "shop", "done", Noon);
        var noted = new RepetitionNoted(
            Id, "shop", First, "application", ExplorationGoal.KeepAgreement, CorrelationId, "because", Noon);
        var moved = Shop(Registered() with { DataCenter = "other" }, Violated()).Given(ExplorationsStream, Exploration(), noted, ended);
        // Each data centre has a policy of its own, and a decision goes by one.
        var (decision, reading) = moved.When(Decider, ended, Cause(2));
        decision.ThenNothing(WhyNothing.NotAwaited);
        Assert.Contains("is registered in other now", decision.Detail);
        Assert.Null(reading.Policy);
        moved.When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void It_is_explored_again_only_while_the_agreement_that_it_was_about_is_broken()
    {
        var level = Registered().Level with { Availability = 0.99 };
        Shop(Registered() with { Level = level }, Restored(), SlaEvidenceTests.Unavailable())
            .Given(ExplorationsStream, Exploration(), new ExplorationCompleted(Id, "shop", "done", Noon))
            .When(NotDecided(WhyNotDecided.Incomplete), Decider, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void What_nothing_is_agreed_on_any_more_is_not_explored_as_something_else() =>
        Shop(Registered(), SlaEvidenceTests.Unavailable()).When(SlaEvidenceTests.Unavailable(), Decider)
            .ThenNothing(WhyNothing.NotAwaited);

    private static SlaRestored Restored() => new("shop", Noon, Noon + Seconds(10), HundredMs, 80, 50, Noon, "proxies", External: false);

    private static AllocationNotDecided NotDecided(WhyNotDecided reason) => new(
        DataCenter, First, Noon, Id, CorrelationId, "shop", "application", ExplorationGoal.KeepAgreement, reason, "because", Noon);

    /// <summary>A shop whose agreement is broken, but for what <paramref name="more"/> says.</summary>
    private static InMemoryStreams Shop(params IDomainEvent[] more) => Given
        .Stream(ServiceStream, [.. more.Any(e => e is ServiceRegistered) ? [] : new IDomainEvent[] { Registered(), Violated() }, .. more])
        .Given(DataCenterStream, Machine("app-1"), Machine("sandbox-1", role: MachineRole.Sandbox), Vm("shop-app", "app-1", 0.5));

    private static ExplorationStarted Exploration() => (ExplorationStarted)Shop().When(Violated(), Decider).Of(ExplorationsStream)[0];
}
