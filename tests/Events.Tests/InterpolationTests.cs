using CsCheck;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Checking;
using JustRunIt.Events.Matrices.Filling;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Goals;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Blank cells are filled between measured ones, never beyond them, and checked when a decision used them (§2.2.3).</summary>
public sealed class InterpolationTests
{
    private static readonly LinearInterpolation Linear = new();
    private static readonly FillingDecider Filling = new();
    private static readonly CheckingDecider Checking = new();

    [Fact]
    public void Seventy_and_ninety_lie_on_the_lines_between_their_neighbours_in_every_metric()
    {
        var decided = Explored().When(Ended(), Filling).Of(MatrixStream);
        var cells = decided.OfType<CellInterpolated>().ToList();
        Assert.Equal([(1, Cpu(0.7), 105, 45), (3, Cpu(0.9), 50, 10)], cells.Select(cell =>
            (cell.Cell[0], cell.Allocation, Rounded(
                cell.Metrics[MetricNames.MeanMs]!.Value.Value), Rounded(cell.Metrics[MetricNames.MeanMs]!.Value.StandardError!.Value))));
        Assert.Equal([210, 100], cells.Select(cell => Rounded(cell.Metrics[MetricNames.P95Ms]!.Value.Value)));
        Assert.Equal([new Cell(0), new Cell(2)], cells[0].From);
        decided.Skip(2).Then(new MatrixFilled(MatrixId, "shop", DataCenter, "application", 3, 2, 0));

        static double Rounded(double value) => Math.Round(value, 6);
    }

    [Fact]
    public void A_filled_matrix_is_not_filled_again() => Explored()
        .Given(MatrixStream, new MatrixFilled(MatrixId, "shop", DataCenter, "application", 3, 2, 0))
        .When(Ended(), Filling).ThenNothing(WhyNothing.AlreadyHandled);

    [Fact]
    public void A_matrix_without_a_result_is_filled_with_blanks() => Given.Stream(MatrixStream, Opened, Ended()).When(Ended(), Filling)
        .Then(new MatrixFilled(MatrixId, "shop", DataCenter, "application", 0, 0, 5));

    // Of the 25 cells of a square twelve are measured so that three boxes of the same size with the same lowest corner enclose one.
    [Fact]
    public void Of_equal_boxes_always_the_same_is_chosen_whatever_the_order_of_the_cells() =>
        Gen.Int[0, 24].Array[4, 16].SelectMany(cells => Gen.Shuffle(cells.Distinct().ToArray()).Select(shuffled => (cells, shuffled)))
            .Sample((cells, shuffled) =>
            {
                var shape = new MatrixShape([new Dimension("x", 0, 1, 5), new Dimension("y", 0, 1, 5)]);
                static Dictionary<Cell, double> Measured(IEnumerable<int> order) => order.Distinct()
                    .ToDictionary(i => new Cell(i / 5, i % 5), i => (double)((i * 7919) % 1000));
                return shape.Cells.All(blank => Linear.Interpolate(shape, Measured(cells), blank)?.Value
                    == Linear.Interpolate(shape, Measured(shuffled), blank)?.Value);
            });

    [Fact]
    public void Nothing_is_extrapolated()
    {
        var shape = new MatrixShape([new Dimension("cpu", 0, 1, 5)]);
        var measured = new Dictionary<Cell, double> { [new(1)] = 10, [new(3)] = 20 };
        Assert.Null(Linear.Interpolate(shape, measured, new Cell(0)));
        Assert.Null(Linear.Interpolate(shape, measured, new Cell(4)));
        Assert.Equal(15, Linear.Interpolate(shape, measured, new Cell(2))!.Value, 1e-9);
    }

    // f(x, y) = (1 − x)(1 − y)·10 + x(1 − y)·20 + (1 − x)y·40 + xy·80 on the unit square, by hand at (1/4, 1/2):
    // 0.375·10 + 0.125·20 + 0.375·40 + 0.125·80 = 3.75 + 2.5 + 15 + 10 = 31.25.
    [Fact]
    public void Two_dimensions_are_bilinear()
    {
        var shape = new MatrixShape([new Dimension("x", 0, 1, 5), new Dimension("y", 0, 1, 3)]);
        var measured = new Dictionary<Cell, double> { [new(0, 0)] = 10, [new(4, 0)] = 20, [new(0, 2)] = 40, [new(4, 2)] = 80 };
        Assert.Equal(31.25, Linear.Interpolate(shape, measured, new Cell(1, 1))!.Value, 1e-9);
    }

    [Fact]
    public void Affine_functions_are_reproduced_exactly_and_no_value_leaves_the_range_of_its_corners() =>
        Gen.Select(Gen.Double[-100, 100], Gen.Double[-100, 100], Gen.Int[0, 8], Gen.Int[0, 4]).Sample((a, b, i, j) =>
        {
            var shape = new MatrixShape([new Dimension("x", 1, 3, 9), new Dimension("y", 2, 4, 5)]);
            double F(Cell cell) => (a * shape.Dimensions[0].ValueAt(cell[0])) + (b * shape.Dimensions[1].ValueAt(cell[1])) + 7;
            var measured = shape.Corners.ToDictionary(cell => cell, F);
            var cell = new Cell(i, j);
            return measured.ContainsKey(cell) || Math.Abs(Linear.Interpolate(shape, measured, cell)!.Value - F(cell)) < 1e-6;
        });

    [Fact]
    public void A_used_value_is_validated_once()
    {
        var used = new InterpolationUsed(MatrixId, new Cell(1), Guid.Empty);
        var scheduled = new ValidationScheduled(MatrixId, new Cell(1), Noon + Rules.Checking.Patience, Noon);
        Explored().When(used, Checking).Then(scheduled);
        Explored().Given(MatrixStream, scheduled).When(used, Checking, Cause(2)).ThenNothing(WhyNothing.UnderWay);
        Explored().When(used with { Cell = new Cell(2) }, Checking, Cause(2)).ThenNothing(WhyNothing.Unchanged);
    }

    [Theory]
    [InlineData(100, 0.05, true)]
    [InlineData(80, 0.3125, false)]
    public void A_validation_confirms_or_finds_a_mismatch(double measured, double difference, bool confirms)
    {
        var streams = Explored();
        streams.Handle<ExperimentsEnded>(Filling, Ended(), Cause());
        var outcome = Assert.Single(streams.When(Completed(1, measured, ExperimentPurpose.Validate), Checking, Cause(2)).Of(MatrixStream));
        var (interpolated, relative) = outcome switch
        {
            InterpolationConfirmed e when confirms => (e.Interpolated, e.RelativeDifference),
            MismatchDetected e when !confirms => (e.Interpolated, e.RelativeDifference),
            _ => throw new InvalidOperationException($"{outcome}"),
        };
        Assert.Equal(105, interpolated, 1e-9);
        Assert.Equal(difference, relative, 1e-9);
    }

    [Fact]
    public void A_value_that_breaks_the_agreement_is_a_mismatch_however_near_the_interpolated_one_that_keeps_it()
    {
        var streams = new InMemoryStreams().Given(
            MatrixStream, Opened, Completed(0, 120), Completed(4, 40), Completed(2, 70), Ended(), Interpolated(1, 95, 0, 2));
        var outcome = Assert.Single(streams.When(Completed(1, 105, ExperimentPurpose.Validate), Checking, Cause(2)).Of(MatrixStream));
        Assert.Equal(105, Assert.IsType<MismatchDetected>(outcome).Measured);
    }

    [Fact]
    public void The_smallest_allocation_that_keeps_the_agreement_gets_a_fifth_on_top()
    {
        var answer = Find((0.6, 90, false), (0.7, 80, true), (0.8, 60, false));
        Assert.Equal((true, Cpu(0.6), Cpu(0.72)), (answer.Attainable, answer.Minimum, answer.WithSlack));
        Assert.Empty(answer.RestsOn);
    }

    [Fact]
    public void An_interpolated_minimum_is_said_to_be_rested_on()
    {
        var answer = Find((0.6, 150, false), (0.7, 95, true), (0.8, 60, false));
        Assert.Equal(Cpu(0.7), answer.Minimum);
        Assert.Contains(answer.RestsOn, cell => cell.Allocation.Equals(Cpu(0.7)));
    }

    [Fact]
    public void What_cannot_be_kept_gets_the_largest_of_the_matrix() =>
        Assert.Equal(
            (false, Cpu(1)), Find((0.6, 150, false), (0.8, 120, false)) is var answer ? (answer.Attainable, answer.Minimum) : default);

    private static AllocationAnswer Find(params (double Cpu, double Mean, bool Interpolated)[] cells) => MinimumAllocation.Find(
        [.. cells.Select((cell, i) => new MatrixCell(new Cell(i), Cpu(cell.Cpu), cell.Mean, null, cell.Interpolated))], Cpu(
            1), HundredMs, 0.2);

    private static InMemoryStreams Explored() =>
        Given.Stream(MatrixStream, Opened, Completed(0, 150), Completed(4, 40), Completed(2, 60), Ended());
}
