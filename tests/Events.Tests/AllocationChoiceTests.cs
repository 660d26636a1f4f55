using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Checking;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>What a violation must not take away, and what slack must not give or risk, in every resource and every agreement.</summary>
public sealed class AllocationChoiceTests
{
    private static readonly PlacementDecider Decider = new();
    private static readonly StepDecider Steps = new();
    private static readonly Dimension Cores = Opened.Dimensions[0];
    private static readonly Dimension Megahertz = new(ResourceNames.Frequency, 1000, 3000, 2);
    private static readonly MatrixOpened Releasing = Opened with { Goal = ExplorationGoal.ReleaseSlack };

    [Fact]
    public void A_violation_limits_no_resource_that_the_server_has_without_limit()
    {
        var streams = Servers(0.5).Given(
            MatrixStream,
            Opened with { Dimensions = [Cores with { Points = 2 }, Megahertz] },
            Result(90, (0.6, 1000), 0, 0), Result(80, (0.6, 3000), 0, 1), Result(60, (1, 1000), 1, 0), Result(40, (1, 3000), 1, 1),
            Ended());
        Assert.Equal(Cpu(0.72), Decided(streams).Allocated);
    }

    [Fact]
    public void Where_nothing_that_was_tried_is_limited_a_violation_changes_nothing()
    {
        var streams = Servers(0.5).Given(
            MatrixStream,
            Opened with { Dimensions = [Megahertz with { Points = 2 }] },
            Completed(0, 90) with { Allocation = Frequency(1000) }, Completed(1, 40) with { Allocation = Frequency(3000) }, Ended());
        var refused = NotDecided(streams);
        Assert.Equal(WhyNotDecided.NothingToGain, refused.Reason);
        Assert.EndsWith("the servers have frequency without limit", refused.Detail);
    }

    [Fact]
    public void A_server_that_has_a_limit_is_raised_beside_one_that_has_none()
    {
        var unlimited = Vm("shop-app-2", "app-2", 0) with { Allocation = Have(0).Only([ResourceNames.Memory]) };
        var streams = Servers(0.5)
            .Given(DataCenterStream, Machine("app-2"), unlimited)
            .Given(MatrixStream, [Opened, .. Whole]);
        var placement = Assert.IsType<PlacementDecided>(streams.When(Filled, Decider).Of(DataCenterStream)[1]);
        var step = Assert.Single(placement.Steps);
        Assert.Equal(("shop-app", Cpu(0.72)), (step.Vm, step.Allocation));
    }

    [Fact]
    public void Slack_is_released_to_the_cheapest_allocation_within_what_the_servers_have()
    {
        var memory = new Dimension(ResourceNames.Memory, 256, 1024, 2);
        var streams = new InMemoryStreams()
            .Given(DataCenterStream, Machine("app-1"), Vm("shop-app", "app-1", 1) with { Allocation = Have(1, 512) })
            .Given(
                MatrixStream,
                Releasing with { Dimensions = [new Dimension(ResourceNames.Cpu, 0.2, 0.4, 2), memory], Slack = 0 },
                // The cheapest of all needs more memory than there is.
                Result(300, Have(0.2, 256), 0, 0), Result(90, Have(0.2, 1024), 0, 1), Result(80, Have(0.4, 256), 1, 0),
                Result(40, Have(0.4, 1024), 1, 1), Ended());
        Assert.Equal(Have(0.4, 256), Decided(streams).Allocated);
    }

    [Fact]
    public void Slack_gives_no_server_more_than_it_has()
    {
        var streams = Servers(1)
            .Given(DataCenterStream, Machine("app-2"), Vm("shop-app-2", "app-2", 0.5))
            .Given(MatrixStream, [Releasing, .. Whole]);
        var placement = Assert.IsType<PlacementDecided>(streams.When(Filled, Decider).Of(DataCenterStream)[1]);
        var step = Assert.Single(placement.Steps);
        Assert.Equal(("shop-app", 0.72), (step.Vm, step.Allocation![ResourceNames.Cpu]!.Value));
    }

    [Fact]
    public void Slack_is_not_released_to_what_breaks_another_agreement_of_the_service()
    {
        var level = Registered().Level with { Availability = 0.99 };
        var streams = Servers(1)
            .Given(ServiceStream, Registered() with { Level = level })
            .Given(
                MatrixStream, Releasing, Available(0, 90, 0.96), Available(4, 40, 1), Available(2, 60, 0.995), Ended(),
                Interpolated(1, 75, 0, 2), Interpolated(3, 50, 2, 4));
        var decided = Decided(streams);
        Assert.Equal(Cpu(0.7), decided.Minimum);
        Assert.Equal("availability ≥ 99 %", decided.Cells.Single(cell => cell.Cell.Equals(new Cell(0))).Breaks);
    }

    [Fact]
    public void What_no_allocation_keeps_does_not_stand_in_the_way_of_another_agreement()
    {
        var level = Registered().Level with { Availability = 0.99 };
        var streams = Servers(0.5)
            .Given(ServiceStream, Registered() with { Level = level }, Violated())
            .Given(
                MatrixStream, Opened, Available(0, 90, 0.9), Available(4, 40, 0.9), Available(2, 60, 0.9), Ended(),
                Interpolated(1, 75, 0, 2), Interpolated(3, 50, 2, 4));
        Assert.Equal((true, Cpu(0.6)), (Decided(streams).Attainable, Decided(streams).Minimum));
    }

    [Fact]
    public void What_a_validation_finds_wrong_after_slack_was_released_is_given_back()
    {
        var streams = Servers(0.72).Given(
            MatrixStream, Releasing, Completed(0, 120), Completed(4, 40), Completed(2, 60), Ended(), Interpolated(1, 95, 0, 2),
            Interpolated(3, 50, 2, 4));
        var validation = Completed(1, 130, ExperimentPurpose.Validate);
        var found = streams.When(validation, new CheckingDecider(), Cause(2)).Of(MatrixStream).OfType<MismatchDetected>().Single();
        streams.Given(MatrixStream, validation, found);
        var decided = streams.When(found, Decider, Cause(3)).Of(DataCenterStream).OfType<AllocationDecided>().Single();
        Assert.Equal((Cpu(0.8), Cpu(0.96)), (decided.Minimum, decided.Allocated));
    }

    [Fact]
    public void A_validation_that_breaks_another_agreement_of_the_service_is_no_confirmation()
    {
        var level = Registered().Level with { Availability = 0.99 };
        var streams = Servers(1)
            .Given(ServiceStream, Registered() with { Level = level })
            .Given(
                MatrixStream, Releasing, Available(0, 150, 1), Available(4, 40, 1), Available(2, 60, 1), Ended(),
                Answering(1, 95, 0, 2), Answering(3, 50, 2, 4));
        Assert.Equal(Cpu(0.7), Decided(streams).Minimum);
        // The mean is as near as can be, but four of a hundred requests fail.
        var validation = Available(1, 94, 0.96) with { Purpose = ExperimentPurpose.Validate };
        var found = streams.When(validation, new CheckingDecider(), Cause(2)).Of(MatrixStream).OfType<MismatchDetected>().Single();
        Assert.Equal((MetricNames.Availability, 1.0, 0.96), (found.Metric, found.Interpolated, found.Measured));
        streams.Given(MatrixStream, validation, found);
        var decided = streams.When(found, Decider, Cause(3)).Of(DataCenterStream).OfType<AllocationDecided>().Single();
        Assert.Equal(Cpu(0.8), decided.Minimum);
        var kept = Available(3, 52, 0.995) with { Purpose = ExperimentPurpose.Validate };
        Assert.IsType<InterpolationConfirmed>(
            Assert.Single(streams.When(kept, new CheckingDecider(), Cause(4)).Of(MatrixStream)));
    }

    [Fact]
    public void A_release_that_has_begun_is_given_up_when_the_agreement_breaks()
    {
        var streams = Servers(1)
            .Given(DataCenterStream, Machine("app-2"), Vm("shop-app-2", "app-2", 1))
            .Given(MatrixStream, [Releasing, .. Whole])
            .Given(ServiceStream, Registered());
        streams.Handle<MatrixFilled>(Decider, Filled, Cause());
        var state = Given.Events<PlacementState>(streams[DataCenterStream]);
        Assert.Equal(2, state.InProgress!.Steps.Count);
        streams.Given(ServiceStream, Violated());
        var first = state.InProgress.Steps[0];
        var set = new AllocationSet(DataCenterStream, state.PendingRequest!.Value, Agent, first.Vm, Have(0.72));
        var events = streams.Handle<AllocationSet>(Steps, set, Cause(2)).Of(DataCenterStream);
        Assert.Equal([typeof(AllocationApplied), typeof(AllocationFailed)], events.Select(e => e.GetType()));
        Assert.Contains("the agreement is broken meanwhile", ((AllocationFailed)events[1]).Reason);
    }

    private static readonly IDomainEvent[] Whole =
        [Completed(0, 90), Completed(4, 40), Completed(2, 60), Ended(), Interpolated(1, 75, 0, 2), Interpolated(3, 50, 2, 4)];

    private static InMemoryStreams Servers(double cores) =>
        new InMemoryStreams().Given(DataCenterStream, Machine("app-1"), Vm("shop-app", "app-1", cores));

    private static AllocationDecided Decided(InMemoryStreams streams) =>
        Assert.IsType<AllocationDecided>(streams.When(Filled, Decider).Of(DataCenterStream)[0]);

    private static AllocationNotDecided NotDecided(InMemoryStreams streams) =>
        Assert.IsType<AllocationNotDecided>(Assert.Single(streams.When(Filled, Decider).Of(DataCenterStream)));

    private static Allocation Frequency(double megahertz) =>
        new([KeyValuePair.Create(ResourceNames.Frequency, megahertz)]);

    private static ExperimentCompleted Result(double mean, (double Cores, double Megahertz) has, params int[] cell) =>
        Result(mean, Cpu(has.Cores).With(ResourceNames.Frequency, has.Megahertz), cell);

    private static ExperimentCompleted Result(double mean, Allocation has, params int[] cell) =>
        Completed(0, mean) with { Cell = new Cell(cell), Allocation = has };

    private static CellInterpolated Answering(int index, double mean, params int[] from)
    {
        var cell = Interpolated(index, mean, from);
        return cell with { Metrics = cell.Metrics.With(MetricNames.Availability, 1) };
    }

    private static ExperimentCompleted Available(int index, double mean, double available)
    {
        var completed = Completed(index, mean);
        return completed with
        {
            Sandbox = completed.Sandbox with { Metrics = completed.Sandbox.Metrics.With(MetricNames.Availability, available) },
        };
    }
}
