using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Timers;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>
/// An agent that answers after its step was given up has done what it says all the same: the inventory says so, and the plan stays given
/// up.
/// </summary>
public sealed class LateAnswerTests
{
    private static readonly PlacementDecider Decider = new();
    private static readonly StepDecider Steps = new();
    private static readonly Guid Order = Guid.Parse("44444444-4444-4444-4444-444444444444");
    private static readonly Guid Earlier = Guid.Parse("55555555-5555-5555-5555-555555555555");

    [Fact]
    public void A_move_that_was_given_up_and_has_happened_stands_in_the_inventory_and_resurrects_no_plan()
    {
        var (streams, given) = GivenUp();
        Assert.Equal("app-1", Inventory(streams).Vms[given.Vm].Machine);
        var moved = new VmMigrated(DataCenterStream, given.RequestId, Agent, given.Vm, given.To, Seconds(70));
        var decision = streams.Handle<VmMigrated>(Steps, moved, Cause(3));
        decision.Then(new MigrationCompleted(given.DecisionId, 0, given.Vm, given.To, Seconds(70)));
        Assert.Equal(CorrelationId, decision.CorrelationId);
        Assert.Equal((given.To, Agent), (Inventory(streams).Vms[given.Vm].Machine, Inventory(streams).HolderOf(given.Vm)));
        Assert.Null(State(streams).InProgress);
        // Told again, as another message, it says nothing new.
        streams.When(moved, Steps, Cause(4)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void An_allocation_that_was_given_up_and_is_in_force_stands_in_the_inventory()
    {
        var streams = Ordered();
        streams.When(Set(Order, 0.9), Steps, Cause(2)).Then(new AllocationApplied(Earlier, 0, "shop-app", Have(0.9)));
        streams.Handle<AllocationSet>(Steps, Set(Order, 0.9), Cause(2));
        Assert.Equal(Have(0.9), Inventory(streams).Vms["shop-app"].Allocation);
        streams.When(Set(Order, 0.9), Steps, Cause(3)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void A_plan_that_has_begun_since_goes_on_as_it_was()
    {
        var (streams, given) = GivenUp();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause(3));
        var before = State(streams);
        Assert.NotEqual(given.DecisionId, before.InProgress!.DecisionId);
        var moved = new VmMigrated(DataCenterStream, given.RequestId, Agent, given.Vm, given.To, Seconds(70));
        Assert.IsType<MigrationCompleted>(
            Assert.Single(streams.Handle<VmMigrated>(Steps, moved, Cause(4)).Streams.Single().Events));
        var after = State(streams);
        Assert.Equal(
            (before.InProgress.DecisionId, 0, before.PendingRequest),
            (after.InProgress!.DecisionId, after.StepsDone, after.PendingRequest));
        Assert.Equal(given.To, after.Inventory.Vms[given.Vm].Machine);
    }

    [Fact]
    public void A_refusal_that_comes_late_changes_nothing()
    {
        var (streams, given) = GivenUp();
        streams.When(new VmMigrationFailed(DataCenterStream, given.RequestId, Agent, given.Vm, "no route"), Steps, Cause(3))
            .ThenNothing(WhyNothing.NotAwaited);
        streams.When(new TimerElapsed(DataCenterStream, TimerKind.StepOverdue, given.RequestId, Noon), Decider, Cause(3))
            .ThenNothing(WhyNothing.NotAwaited);
    }

    [Theory]
    [InlineData("another", null, null)]
    [InlineData(Agent, "d-app", null)]
    [InlineData(Agent, null, "app-2")]
    public void Who_was_not_asked_for_it_is_not_believed_late_either(string agent, string? vm, string? to)
    {
        var (streams, given) = GivenUp();
        streams.When(
            new VmMigrated(DataCenterStream, given.RequestId, agent, vm ?? given.Vm, to ?? given.To, Seconds(70)), Steps, Cause(3))
            .ThenNothing(WhyNothing.Refused);
    }

    [Fact]
    public void Of_a_move_between_two_agents_the_one_that_has_the_server_now_is_believed_late()
    {
        var streams = Ordered(new MigrationStarted(
            DataCenter, Earlier, 0, Order, Agent, "shop-app", "app-1", "far-1", Noon, Noon, "other"))
            .Given(DataCenterStream, Machine("far-1", agent: "other"));
        var moved = new VmMigrated(DataCenterStream, Order, "other", "shop-app", "far-1", Seconds(70));
        streams.Handle<VmMigrated>(Steps, moved, Cause(2)).Then(new MigrationCompleted(Earlier, 0, "shop-app", "far-1", Seconds(70)));
        Assert.Equal("other", Inventory(streams).HolderOf("shop-app"));
    }

    [Fact]
    public void What_is_another_server_now_has_not_what_an_older_one_was_given()
    {
        var placed = Vm("shop-app", "app-1", 0.5) with { Agent = Agent, StartedBy = Earlier };
        NotBelieved(Ordered().Given(DataCenterStream, new VmLeft(DataCenter, "shop-app", "app-1", "killed", Noon)));
        NotBelieved(
            Ordered(before: placed).Given(DataCenterStream, placed with { StartedBy = Order }));
        NotBelieved(Ordered().Given(
            DataCenterStream, Machine("far-1", agent: "other"), placed with { Agent = "other", Machine = "far-1" }));

        static void NotBelieved(InMemoryStreams streams) =>
            streams.When(Set(Order, 0.9), Steps, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void Nothing_is_said_to_run_on_a_machine_whose_name_was_released()
    {
        var (streams, given) = GivenUp();
        streams.Given(DataCenterStream, new MachineForgotten(DataCenter, given.To, Order, Agent, [], Noon));
        streams.When(new VmMigrated(DataCenterStream, given.RequestId, Agent, given.Vm, given.To, Seconds(70)), Steps, Cause(3))
            .ThenNothing(WhyNothing.NotAwaited);
    }

    [Fact]
    public void What_was_told_before_something_that_has_happened_since_is_old()
    {
        var streams = Ordered().Given(
            DataCenterStream,
            new AllocationStarted(DataCenter, Order, 0, Earlier, Agent, "shop-app", Cpu(0.6), Noon, Noon),
            new AllocationApplied(Order, 0, "shop-app", Have(0.6)));
        streams.When(Set(Order, 0.9), Steps, Cause(2)).ThenNothing(WhyNothing.NotAwaited);
        // A move says nothing of allocations.
        var moving = Ordered().Given(
            DataCenterStream,
            Machine("app-2"),
            new MigrationStarted(DataCenter, Order, 0, Earlier, Agent, "shop-app", "app-1", "app-2", Noon, Noon),
            new MigrationCompleted(Order, 0, "shop-app", "app-2", Seconds(1)));
        Assert.Null(moving.When(Set(Order, 0.9), Steps, Cause(2)).Why);
    }

    [Fact]
    public void A_violation_never_lowers_an_allocation_that_is_known_only_since_the_plan_was_made()
    {
        var streams = new InMemoryStreams()
            .Given(MatrixStream, PlacementTests.Whole)
            .Given(DataCenterStream, Machine("app-1"), Machine("app-2"), Vm("shop-app", "app-1", 0.5), Vm("shop-app-2", "app-2", 0.5))
            .Given(
                DataCenterStream,
                new AllocationStarted(DataCenter, Earlier, 0, Order, Agent, "shop-app-2", Cpu(0.9), Noon, Noon),
                new AllocationFailed(Earlier, 0, "shop-app-2", "the host agent has not answered"));
        streams.Handle<MatrixFilled>(Decider, Filled, Cause(2));
        var first = streams[DataCenterStream].OfType<AllocationStarted>().Last();
        Assert.Equal(("shop-app", Cpu(0.72)), (first.Vm, first.Allocation));
        streams.Handle<AllocationSet>(Steps, new AllocationSet(DataCenterStream, Order, Agent, "shop-app-2", Have(0.9)), Cause(3));
        streams.Handle<AllocationSet>(
            Steps, new AllocationSet(DataCenterStream, first.RequestId, Agent, "shop-app", Have(0.72)), Cause(4));
        var second = streams[DataCenterStream].OfType<AllocationStarted>().Last();
        Assert.Equal(("shop-app-2", Cpu(0.9)), (second.Vm, second.Allocation));
    }

    [Fact]
    public void Of_each_server_so_many_steps_are_remembered_that_nothing_grows_for_ever()
    {
        var streams = Ordered();
        for (var i = 0; i < 100; i++)
        {
            var request = DeterministicId.From(Order, $"{i}");
            streams.Given(
                DataCenterStream,
                new AllocationStarted(DataCenter, request, 0, request, Agent, "shop-app", Cpu(0.6), Noon, Noon),
                new AllocationFailed(request, 0, "shop-app", "the host agent has not answered"));
        }

        Assert.Equal(8, State(streams).Asked.Count);
        Assert.Null(streams.When(Set(DeterministicId.From(Order, "99"), 0.6), Steps, Cause(2)).Why);
        streams.Given(DataCenterStream, new VmLeft(DataCenter, "shop-app", "app-1", "killed", Noon), Vm("b-app", "app-1", 0.1, "b"));
        streams.Given(DataCenterStream, new AllocationStarted(DataCenter, Order, 1, Order, Agent, "b-app", Cpu(0.2), Noon, Noon));
        Assert.Equal("b-app", Assert.Single(State(streams).Asked).Vm);
    }

    /// <summary>A placement whose first step, a move, was not answered in time.</summary>
    private static (InMemoryStreams Streams, MigrationStarted Step) GivenUp()
    {
        var streams = PlacementTests.Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var started = streams[DataCenterStream].OfType<MigrationStarted>().Single();
        var timer = new TimerElapsed(DataCenterStream, TimerKind.StepOverdue, started.RequestId, Noon);
        Assert.IsType<MigrationFailed>(
            Assert.Single(streams.Handle<TimerElapsed>(Decider, timer, Cause(2)).Of(DataCenterStream)));
        return (streams, started);
    }

    /// <summary>A server, and an order to its agent that was given up: an allocation unless another is given.</summary>
    private static InMemoryStreams Ordered(IDomainEvent? order = null, VmPlaced? before = null) => Given.Stream(
        DataCenterStream,
        Machine("app-1"),
        before ?? Vm("shop-app", "app-1", 0.5),
        order ?? new AllocationStarted(DataCenter, Earlier, 0, Order, Agent, "shop-app", Cpu(0.9), Noon, Noon),
        order is MigrationStarted
            ? new MigrationFailed(Earlier, 0, "shop-app", "the host agent has not answered")
            : new AllocationFailed(Earlier, 0, "shop-app", "the host agent has not answered"));

    private static AllocationSet Set(Guid request, double cores) => new(DataCenterStream, request, Agent, "shop-app", Have(cores));

    private static PlacementState State(InMemoryStreams streams) => Given.Events<PlacementState>(streams[DataCenterStream]);

    private static Inventory Inventory(InMemoryStreams streams) => State(streams).Inventory;
}
