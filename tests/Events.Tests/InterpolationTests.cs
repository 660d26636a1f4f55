using CsCheck;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Matrices.Interpolation;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Quantities;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Blank cells are filled between measured ones, never beyond them, and checked when a decision used them (§2.2.3).</summary>
public sealed class InterpolationTests
{
    private static readonly LinearInterpolation Linear = new();
    private static readonly MatrixState Explored = Given.Events<MatrixState>(
        Opened,
        Completed(0, 150),
        Completed(4, 40),
        Completed(2, 60),
        Ended(ExperimentPurpose.Explore));

    [Fact]
    public void Seventy_and_ninety_lie_on_the_lines_between_their_neighbours()
    {
        var decided = FillingDecider.On(Explored, Ended(ExperimentPurpose.Explore), Linear).ToList();
        var cells = decided.OfType<CellInterpolated>().ToList();
        Assert.Equal([(1, 0.7, 105, 45), (3, 0.9, 50, 10)], cells.Select(cell =>
            (cell.Cell[0], cell.Cpu.Cores, Math.Round(cell.Mean.TotalMilliseconds, 6), Math.Round(cell.EstimatedErrorMilliseconds, 6))));
        Assert.Equal([new Cell(0), new Cell(2)], cells[0].From);
        decided.Skip(2).Then(new MatrixFilled(MatrixId, "shop", DataCenter, "application", 3, 2, 0));
    }

    [Fact]
    public void A_filled_matrix_is_not_filled_again() =>
        FillingDecider.On(MatrixState.Evolve(Explored, new MatrixFilled(MatrixId, "shop", DataCenter, "application", 3, 2, 0)), Ended(ExperimentPurpose.Explore), Linear)
            .ThenNothing();

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
        CheckingDecider.On(Explored, used, Cause()).Then(new ValidationScheduled(MatrixId, new Cell(1), Noon + CheckingDecider.Patience, Noon));
        var scheduled = MatrixState.Evolve(Explored, new ValidationScheduled(MatrixId, new Cell(1), Noon + CheckingDecider.Patience, Noon));
        CheckingDecider.On(scheduled, used, Cause(2)).ThenNothing();
    }

    [Theory]
    [InlineData(100, 0.05, true)]
    [InlineData(80, 0.3125, false)]
    public void A_validation_confirms_or_finds_a_mismatch(double measured, double difference, bool confirms)
    {
        var filled = FillingDecider.On(Explored, Ended(ExperimentPurpose.Explore), Linear).Aggregate(Explored, MatrixState.Evolve);
        CheckingDecider.On(filled, Completed(1, measured, ExperimentPurpose.Validate)).Then(confirms
            ? new InterpolationConfirmed(MatrixId, new Cell(1), Milliseconds(105), Milliseconds(measured), difference, 0.2)
            : new MismatchDetected(MatrixId, new Cell(1), Milliseconds(105), Milliseconds(measured), difference, 0.2, "shop", DataCenter, "application"));
    }

    [Fact]
    public void The_smallest_allocation_that_keeps_the_agreement_gets_a_fifth_on_top()
    {
        var cells = Cells((0.6, 90, false), (0.7, 80, true), (0.8, 60, false));
        var answer = MinimumAllocation.Find(cells, Milliseconds(100), 0.2);
        Assert.Equal((true, 0.6, 0.72, false), (answer.Attainable, answer.Minimum.Cores, Math.Round(answer.Allocated.Cores, 9), answer.CappedAtMaximum));
        Assert.Empty(answer.RestsOn);
    }

    [Fact]
    public void An_interpolated_minimum_is_said_to_be_rested_on()
    {
        var answer = MinimumAllocation.Find(Cells((0.6, 150, false), (0.7, 95, true), (0.8, 60, false)), Milliseconds(100), 0.2);
        Assert.Equal(0.7, answer.Minimum.Cores);
        Assert.Contains(answer.RestsOn, cell => cell.Cpu.Cores == 0.7);
    }

    [Fact]
    public void Slack_does_not_go_beyond_what_was_tried_and_what_cannot_be_kept_is_said()
    {
        var capped = MinimumAllocation.Find(Cells((0.6, 150, false), (0.9, 90, false), (1.0, 80, false)), Milliseconds(100), 0.2);
        Assert.Equal((1.0, true), (capped.Allocated.Cores, capped.CappedAtMaximum));
        Assert.False(MinimumAllocation.Find(Cells((0.6, 150, false), (1.0, 120, false)), Milliseconds(100), 0.2).Attainable);
    }

    private static List<MatrixCell> Cells(params (double Cpu, double Mean, bool Interpolated)[] cells) =>
        [.. cells.Select((cell, i) => new MatrixCell(new Cell(i), new CpuShare(cell.Cpu), Milliseconds(cell.Mean), cell.Interpolated))];

    private static ExperimentsEnded Ended(ExperimentPurpose purpose) =>
        new(MatrixId, purpose, "number of experiments reached", "shop", "application", "proxies", Agent, "clone", Noon);
}
