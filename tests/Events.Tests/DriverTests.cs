using CsCheck;
using JustRunIt.Events.Explorations.Driving;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Which cell next (§2.2.2): corners, then the middle of each unexplored range, recursively.</summary>
public sealed class DriverTests
{
    [Fact]
    public void Sixty_to_a_hundred_in_five_points_and_three_experiments_measures_60_100_80()
    {
        var measured = new List<double>();
        var state = Given.Events<MatrixState>(Opened);
        while (ExperimentDriver.Next(state, Noon).Cell is { } cell)
        {
            measured.Add(state.AllocationOf(cell)[ResourceNames.Cpu]!.Value);
            state = Given.Events<MatrixState>([Opened, .. Measure(measured.Count, cell, state)]);
        }

        Assert.Equal([0.6, 1.0, 0.8], measured);
        Assert.Equal("number of experiments reached", ExperimentDriver.Next(state, Noon).Reason);

        IEnumerable<Messaging.IDomainEvent> Measure(int count, Cell cell, MatrixState before) =>
        [
            .. before.Measured.Values.SelectMany(
                result => new Messaging.IDomainEvent[] { Started(result.Cell[0], Guid.NewGuid(), Requested(Guid.Empty)), result }),
            Started(cell[0], Guid.NewGuid(), Requested(Guid.Empty)),
            Completed(cell[0], 100 - count),
        ];
    }

    [Fact]
    public void Two_dimensions_begin_with_their_four_corners_and_go_on_with_the_middles()
    {
        var shape = new MatrixShape([new Dimension("cpu", 0.2, 1, 5), new Dimension("memory", 128, 512, 3)]);
        Assert.Equal(
            ["[0,0]", "[0,2]", "[4,0]", "[4,2]", "[0,1]", "[2,0]", "[2,2]", "[4,1]", "[2,1]"],
            ExperimentOrder.Order(shape).Take(9).Select(cell => cell.ToString()));
    }

    [Fact]
    public void Every_order_names_every_cell_once_corners_first() =>
        Gen.Int[2, 7].Array[1, 3].Sample(points =>
        {
            var shape = new MatrixShape([.. points.Select((count, i) => new Dimension($"r{i}", 0, 1, count))]);
            var order = ExperimentOrder.Order(shape).ToList();
            return order.Count == shape.Count
                && order.Distinct().Count() == order.Count
                && order.Take(1 << points.Length).ToHashSet().SetEquals(shape.Corners);
        });

    [Fact]
    public void No_experiment_begins_that_could_not_end_in_time()
    {
        var state = Given.Events<MatrixState>(Opened, Requested(Guid.Empty));
        Assert.Equal(
            "time budget used up", ExperimentDriver.Next(state, Opened.Deadline - Durations.Longest + TimeSpan.FromTicks(1)).Reason);
        Assert.NotNull(ExperimentDriver.Next(state, Opened.Deadline - Durations.Longest).Cell);
    }

    [Fact]
    public void Waiting_for_the_sandbox_takes_nothing_from_the_time_budget()
    {
        var hour = TimeSpan.FromHours(1);
        var waiting = Given.Events<MatrixState>(Opened, new SandboxAwaited(MatrixId, "sandbox-1", "matrix-other", Noon + hour));
        Assert.NotNull(ExperimentDriver.Next(waiting, Noon + hour).Cell);
        var leased = MatrixState.Evolve(waiting, Requested(Guid.Empty) with { At = Noon + hour });
        Assert.Equal(Opened.Deadline + hour, leased.Deadline);
        Assert.NotNull(ExperimentDriver.Next(leased, Opened.Deadline + hour - Durations.Longest).Cell);
    }

    [Fact]
    public void A_failed_cell_is_passed_over()
    {
        var state = Given.Events<MatrixState>(
            Opened, new ExperimentFailed(MatrixId, Guid.Empty, new Cell(0), ExperimentPurpose.Explore, "x"));
        Assert.Equal(new Cell(4), ExperimentDriver.Next(state, Noon).Cell);
    }

    [Fact]
    public void Heuristic_1_cancels_larger_allocations_once_an_addition_gains_less_than_the_threshold()
    {
        var shape = new MatrixShape([new Dimension("cpu", 0.2, 1, 5)]);
        var measured = new Dictionary<Cell, double> { [new(0)] = 100, [new(2)] = 50, [new(4)] = 48 };
        Assert.Equal(
            [(new Cell(3), 0.04)],
            DiminishingReturns.Prune(shape, measured, 0.1).Select(cancelled => (cancelled.Cell, Math.Round(cancelled.Gain, 12))));
        Assert.Empty(DiminishingReturns.Prune(shape, measured, 0.03));
    }
}
