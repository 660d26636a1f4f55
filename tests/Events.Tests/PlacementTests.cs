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

/// <summary>The management entity: what a matrix decides, or why it decides nothing, and the steps that carry it out (§3.1).</summary>
public sealed class PlacementTests
{
    private static readonly PlacementDecider Decider = new();
    private static readonly StepDecider Steps = new();

    [Fact]
    public void A_server_that_outgrows_its_machine_makes_its_neighbour_move_to_a_spare_one()
    {
        var events = Auctions().When(Filled, Decider).Of(DataCenterStream);
        var allocation = Assert.IsType<AllocationDecided>(events[0]);
        Assert.Equal((Cpu(0.6), Cpu(0.72), 7L), (allocation.Minimum, allocation.Allocated, allocation.MatrixVersion));
        var placement = Assert.IsType<PlacementDecided>(events[1]);
        Assert.Equal((true, 2, 3, 1), (placement.Feasible, placement.MachinesBefore, placement.MachinesAfter, placement.Migrations));
        Assert.True(placement.LowerBound <= placement.MachinesAfter);
        Assert.IsType<MigrationStarted>(events[2]);
        Assert.Equal("cpu 60 % is the cheapest that keeps meanMs ≤ 100 ms: 90 ms", allocation.Reason);
    }

    [Fact]
    public void A_move_to_another_agents_machine_names_that_agent_and_one_within_an_agent_none()
    {
        var started = Assert.IsType<MigrationStarted>(Auctions().When(Filled, Decider).Of(DataCenterStream)[2]);
        Assert.Equal((Agent, null), (started.Agent, started.ToAgent));
        var apart = Auctions().Given(DataCenterStream, Machine(started.To, agent: "other") with { Role = MachineRole.Spare });
        var across = Assert.IsType<MigrationStarted>(apart.When(Filled, Decider).Of(DataCenterStream)[2]);
        Assert.Equal(started with { ToAgent = "other" }, across);
        var command = Assert.IsType<MigrateVm>(Assert.Single(Consequences.CommandsOf(across, Guid.Empty)));
        Assert.Equal((Agent, "other", across.To, across.RequestId), (command.Agent, command.ToAgent, command.To, command.RequestId));
    }

    [Fact]
    public void Steps_are_carried_out_one_after_another_until_the_placement_is_in_force()
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var migration = Pending(streams);
        var step = Given.Events<PlacementState>(streams[DataCenterStream]).InProgress!.Steps[0];
        var done = new VmMigrated(DataCenterStream, migration, Agent, step.Vm, step.To!, Seconds(1));
        var moved = streams.Handle<VmMigrated>(Steps, done, Cause(2));
        Assert.Equal([typeof(MigrationCompleted), typeof(AllocationStarted)], moved.Of(DataCenterStream).Select(e => e.GetType()));
        Assert.Equal(CorrelationId, moved.CorrelationId);
        // The same answer again, or another's, decides nothing.
        streams.When(done, Steps, Cause(3)).ThenNothing(WhyNothing.NotAwaited);
        var set = new AllocationSet(DataCenterStream, Pending(streams), Agent, "shop-app", Have(0.72));
        var applied = streams.Handle<AllocationSet>(Steps, set, Cause(4));
        Assert.Equal([typeof(AllocationApplied), typeof(PlacementApplied)], applied.Of(DataCenterStream).Select(e => e.GetType()));
        var state = Given.Events<PlacementState>(streams[DataCenterStream]);
        Assert.Null(state.InProgress);
        Assert.Equal(Have(0.72), state.Inventory.Vms["shop-app"].Allocation);
    }

    [Theory]
    [InlineData("another", null, null, "agent: 'another'; asked was agent")]
    [InlineData(Agent, "d-app", null, "vm: 'd-app'; asked was for")]
    [InlineData(Agent, null, "app-2", "to: 'app-2';")]
    public void Who_knows_the_number_of_a_step_is_not_believed_for_that_alone(string agent, string? vm, string? to, string refusal)
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var step = Given.Events<PlacementState>(streams[DataCenterStream]).InProgress!.Steps[0];
        var answer = new VmMigrated(DataCenterStream, Pending(streams), agent, vm ?? step.Vm, to ?? step.To!, Seconds(1));
        var decision = streams.When(answer, Steps, Cause(2));
        decision.ThenNothing(WhyNothing.Refused);
        Assert.StartsWith(refusal, decision.Detail);
    }

    [Fact]
    public void A_move_is_not_answered_by_an_allocation()
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var step = Given.Events<PlacementState>(streams[DataCenterStream]).InProgress!.Steps[0];
        streams.When(new AllocationSet(DataCenterStream, Pending(streams), Agent, step.Vm, Have(0.1)), Steps, Cause(2))
            .ThenNothing(WhyNothing.Refused);
    }

    [Fact]
    public void While_one_placement_is_under_way_another_waits()
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        streams.When(Filled, Decider, Cause(2)).Then(new PlacementDeferred(DataCenter, MatrixId, Noon + Rules.Placing.RetryAfter));
    }

    [Fact]
    public void A_step_that_fails_or_is_not_answered_ends_the_placement_with_its_reason()
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var timer = new TimerElapsed(DataCenterStream, TimerKind.StepOverdue, Pending(streams), Noon);
        Assert.Equal(
            "the host agent has not answered",
            Assert.IsType<MigrationFailed>(Assert.Single(streams.When(timer, Decider, Cause(2)).Of(DataCenterStream))).Reason);
        var step = Given.Events<PlacementState>(streams[DataCenterStream]).InProgress!.Steps[0];
        var failed = new VmMigrationFailed(DataCenterStream, Pending(streams), Agent, step.Vm, "no route");
        Assert.Equal("no route", Assert.IsType<MigrationFailed>(
            Assert.Single(streams.Handle<VmMigrationFailed>(Steps, failed, Cause(3)).Of(DataCenterStream))).Reason);
        Assert.Null(Given.Events<PlacementState>(streams[DataCenterStream]).InProgress);
    }

    [Fact]
    public void A_decision_that_rests_on_interpolated_cells_says_so_on_the_matrix_stream()
    {
        var decision = Auctions(
            Completed(0, 150), Completed(4, 40), Completed(2, 60), Ended(), Interpolated(1, 95, 0, 2), Interpolated(3, 50, 2, 4))
            .When(Filled, Decider);
        var decided = Assert.IsType<AllocationDecided>(decision.Of(DataCenterStream)[0]);
        decision.Of(MatrixStream).Then(new InterpolationUsed(MatrixId, new(1), decided.DecisionId));
    }

    [Fact]
    public void A_larger_allocation_that_breaks_what_a_smaller_one_keeps_decides_nothing()
    {
        // Measured on a real service: 50 to 100 % of a core in six points.
        var opened = Opened with
        {
            Dimensions = [new Dimension(ResourceNames.Cpu, 0.5, 1.0, 6)],
            Agreement = Agreement.OnMean(
            Milliseconds(100))
        };
        var means = new double[] { 1094, 4364, 5797, 33, 328, 161 };
        var completed = means.Select((mean, i) => Completed(0, mean) with { Cell = new(i), Allocation = Have(0.5 + (0.1 * i)) });
        NotDecided(
            WhyNotDecided.Contradictory,
            "cpu 80 % keeps meanMs ≤ 100 ms with 33 ms, and cpu 90 % breaks it with 328 ms",
            [opened, .. completed, Ended()]);
    }

    [Fact]
    public void A_difference_within_the_error_contradicts_nothing()
    {
        var within = Completed(4, 101) with { Sandbox = Side(101, error: 1) };
        Assert.IsType<AllocationDecided>(Auctions(
            Completed(0, 90), within, Completed(2, 60), Ended(), Interpolated(1, 75, 0, 2), Interpolated(3, 80, 2, 4))
            .When(Filled, Decider).Of(DataCenterStream)[0]);
    }

    [Fact]
    public void One_measured_cell_decides_nothing() =>
        NotDecided(WhyNotDecided.Incomplete, "4 of 5 cells have no value: 1 were measured, 0 failed", [Opened, Completed(2, 60), Ended()]);

    [Fact]
    public void A_cell_that_failed_beyond_what_was_measured_leaves_the_matrix_incomplete()
    {
        var failed = new ExperimentFailed(MatrixId, Guid.NewGuid(), new(4), ExperimentPurpose.Explore, "x");
        NotDecided(
            WhyNotDecided.Incomplete,
            "2 of 5 cells have no value: 2 were measured, 1 failed",
            [Opened, Completed(0, 90), Completed(2, 60), failed, Ended(), Interpolated(1, 75, 0, 2)]);
    }

    [Fact]
    public void Cells_that_a_heuristic_cancelled_do_not_make_a_matrix_incomplete()
    {
        var pruned = new CellsPruned(MatrixId, "x", [new(3), new(4)], 0.01, 0.1);
        Assert.IsType<AllocationDecided>(Auctions(Completed(0, 90), Completed(2, 60), pruned, Ended(), Interpolated(1, 75, 0, 2))
            .When(Filled, Decider).Of(DataCenterStream)[0]);
    }

    [Fact]
    public void Errors_that_the_largest_allocation_has_too_raise_none() => NotDecided(
        WhyNotDecided.CauseOutside,
        "the cause is no lack of resources: no allocation that was tried keeps availability ≥ 99 %; the best was 60 % with cpu 100 %",
        [
            Opened with { Agreement = Agreement.OnAvailability(0.99) },
            .. Enumerable.Range(0, 5).Select(index => Completed(index, 90)).Select((completed, index) => completed with
            {
                Sandbox = completed.Sandbox with
                {
                    Metrics = completed.Sandbox.Metrics.With(MetricNames.Availability, 0.5 + (0.025 * index)),
                },
            }),
            Ended(),
        ]);

    [Fact]
    public void An_old_matrix_decides_nothing() => NotDecided(
        WhyNotDecided.TooOld,
        "its experiments ended 27 minutes ago; at most 15 are allowed",
        Whole,
        Cause(at: Noon + TimeSpan.FromMinutes(27)));

    [Fact]
    public void A_matrix_decides_nothing_once_a_newer_one_of_its_tier_has_been_judged()
    {
        var streams = Auctions();
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var placement = streams[DataCenterStream].OfType<PlacementDecided>().Single();
        var older = Guid.NewGuid();
        streams.Given(DataCenterStream, new PlacementApplied(DataCenter, placement.DecisionId, "shop", Noon))
            .Given(Streams.Matrix(older), [Opened with { MatrixId = older, At = Noon - Seconds(1) }, .. Whole.Skip(1)]);
        var mismatch = new MismatchDetected(older, new(1), MetricNames.MeanMs, 50, 90, 0.4, 0.2, "shop", DataCenter, "application");
        var refused = Assert.IsType<AllocationNotDecided>(Assert.Single(streams.When(mismatch, Decider, Cause(2)).Of(DataCenterStream)));
        Assert.Equal(WhyNotDecided.Superseded, refused.Reason);
    }

    [Fact]
    public void A_matrix_whose_cause_lies_outside_decides_nothing()
    {
        var seen = new Sla.Observation("sonde", true, 1000, Noon, Noon + Seconds(10));
        var outside = new CauseOutside(MatrixId, "shop", "application", HundredMs, seen, 14, "it lies outside");
        NotDecided(WhyNotDecided.CauseOutside, "it lies outside", [.. Whole, outside]);
    }

    [Fact]
    public void A_violation_never_lowers_an_allocation()
    {
        var streams = Auctions().Given(DataCenterStream, Machine("app-9", 4), Vm("shop-app", "app-9", 2));
        var decided = Assert.IsType<AllocationDecided>(streams.When(Filled, Decider).Of(DataCenterStream)[0]);
        Assert.Equal((Cpu(0.6), Cpu(2)), (decided.Minimum, decided.Allocated));
    }

    [Fact]
    public void Slack_goes_beyond_what_was_tried_up_to_what_a_machine_has()
    {
        var whole = new IDomainEvent[] { Completed(
            0, 150), Completed(4, 90), Completed(2, 120), Ended(), Interpolated(1, 140, 0, 2), Interpolated(3, 105, 2, 4) };
        Assert.Equal(Cpu(1), Decided(Auctions(whole)).Allocated);
        Assert.Equal(Cpu(1.2), Decided(Auctions(whole).Given(DataCenterStream, Machine("app-9", 4))).Allocated);
    }

    [Fact]
    public void Where_the_machines_cannot_give_all_of_the_slack_they_give_as_much_as_they_can()
    {
        // 60 % and 20 % slack, but the machine has room for 66 % only beside a neighbour that is pinned to it.
        var streams = new InMemoryStreams().Given(MatrixStream, [Opened, .. Whole.Skip(1)])
            .Given(
                DataCenterStream,
                Machine("app-1"),
                Vm("shop-app", "app-1", 0.5, pinned: true),
                Vm("b-app", "app-1", 0.34, "b", pinned: true));
        Assert.Equal(Cpu(0.66), Decided(streams).Allocated);
    }

    [Fact]
    public void What_no_allocation_keeps_gets_the_largest_and_slack_and_is_said()
    {
        var decided = Decided(Auctions(
            Completed(0, 500), Completed(4, 120), Completed(2, 300), Ended(), Interpolated(1, 400, 0, 2), Interpolated(3, 200, 2, 4))
            .Given(DataCenterStream, Machine("app-9", 4)));
        Assert.Equal((false, Cpu(1.0), Cpu(1.2)), (decided.Attainable, decided.Minimum, decided.Allocated));
        Assert.Equal("no allocation that was tried keeps meanMs ≤ 100 ms; the best was 120 ms with cpu 100 %", decided.Reason);
    }

    [Fact]
    public void A_memory_only_exploration_sets_memory_and_leaves_the_processor_alone()
    {
        var opened = Opened with { Dimensions = [new Dimension(ResourceNames.Memory, 128, 512, 3)] };
        var completed = new[] { 400.0, 80, 60 }.Select(
            (mean, i) => Completed(0, mean) with { Cell = new(i), Allocation = Have(0.5, 128 + (192 * i)) });
        var streams = new InMemoryStreams().Given(MatrixStream, [opened, .. completed, Ended()])
            .Given(DataCenterStream, Machine("app-1", 2), Vm("shop-app", "app-1", 1.5));
        var events = streams.When(Filled, Decider).Of(DataCenterStream);
        var decided = Assert.IsType<AllocationDecided>(events[0]);
        Assert.Equal(new Allocation([KeyValuePair.Create("memory", 384.0)]), decided.Allocated);
        Assert.Equal(decided.Allocated, Assert.IsType<AllocationStarted>(events[2]).Allocation);
    }

    [Fact]
    public void Of_several_resources_the_cheapest_sufficient_cell_is_chosen_by_weight()
    {
        var dimensions = new Dimension[] { new(ResourceNames.Cpu, 0.5, 1, 2), new(ResourceNames.Memory, 256, 512, 2) };
        var means = new Dictionary<Cell, double> { [new(0, 0)] = 200, [new(0, 1)] = 90, [new(1, 0)] = 80, [new(1, 1)] = 50 };
        var opened = Opened with { Dimensions = dimensions, Slack = 0 };
        var completed = means.Select(entry => Completed(0, entry.Value) with { Cell = entry.Key });
        Assert.Equal(Have(0.5, 512), Decide(null));
        Assert.Equal(
            Have(1, 256),
            Decide(Rules with { Placing = new PlacingPolicy { Weights = new Dictionary<string, double> { ["memory"] = 3 } } }));

        Allocation Decide(Policy? policy)
        {
            var streams = new InMemoryStreams().Given(MatrixStream, [opened, .. completed, Ended()])
                .Given(DataCenterStream, Machine("app-1", 2), Vm("shop-app", "app-1", 0.1) with { Allocation = Have(0.1, 64) });
            if (policy is not null)
                streams.Given(Streams.Policy(DataCenter), new DataCenterConfigured(DataCenter, policy, Noon));
            return Decided(streams).Allocated;
        }
    }

    [Fact]
    public void Slack_lowers_an_allocation_and_never_raises_one()
    {
        var opened = Opened with { Goal = ExplorationGoal.ReleaseSlack };
        var roomy = new InMemoryStreams().Given(MatrixStream, [opened, .. Whole.Skip(1)])
            .Given(DataCenterStream, Machine("app-1"), Vm("shop-app", "app-1", 0.9));
        Assert.Equal(Cpu(0.72), Decided(roomy).Allocated);
        NotDecided(
            WhyNotDecided.NothingToGain,
            "no allocation that was tried is within cpu 50 %, which the servers have",
            [opened, .. Whole.Skip(1)]);
        var violated = Violated();
        roomy.Given(ServiceStream, Registered(), violated);
        Assert.Equal(
            WhyNotDecided.Superseded,
            Assert.IsType<AllocationNotDecided>(Assert.Single(roomy.When(Filled, Decider).Of(DataCenterStream))).Reason);
    }

    private static AllocationDecided Decided(InMemoryStreams streams) =>
        Assert.IsType<AllocationDecided>(streams.When(Filled, Decider).Of(DataCenterStream)[0]);

    private static void NotDecided(WhyNotDecided reason, string detail, IEnumerable<IDomainEvent> matrix, Cause? cause = null)
    {
        var streams = new InMemoryStreams().Given(MatrixStream, matrix).Given(
            DataCenterStream, Machine("app-1"), Vm("shop-app", "app-1", 0.5));
        var refused = Assert.IsType<AllocationNotDecided>(Assert.Single(streams.When(Filled, Decider, cause).Of(DataCenterStream)));
        Assert.Equal((reason, detail, CorrelationId), (refused.Reason, refused.Detail, refused.CorrelationId));
    }

    private static Guid Pending(InMemoryStreams streams) => Given.Events<PlacementState>(streams[DataCenterStream]).PendingRequest!.Value;

    /// <summary>Four auctions on two machines with a spare one, and a matrix of the first, whole unless results are given.</summary>
    internal static InMemoryStreams Auctions(params IDomainEvent[] results) => new InMemoryStreams()
        .Given(MatrixStream, results.Length == 0 ? Whole : [Opened, .. results])
        .Given(
            DataCenterStream,
            Machine("app-1"),
            Machine("app-2"),
            Machine("app-3", role: MachineRole.Spare),
            Machine("sandbox-1", role: MachineRole.Sandbox),
            Vm("shop-app", "app-1", 0.5),
            Vm("b-app", "app-1", 0.5, "b"),
            Vm("c-app", "app-2", 0.5, "c"),
            Vm("d-app", "app-2", 0.5, "d"));

    internal static readonly IDomainEvent[] Whole =
        [Opened, Completed(0, 90), Completed(4, 40), Completed(2, 60), Ended(), Interpolated(1, 75, 0, 2), Interpolated(3, 50, 2, 4)];
}
