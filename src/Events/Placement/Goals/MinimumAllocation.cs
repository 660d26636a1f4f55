using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Goals;

/// <summary>The minimum allocation of §3.1, with slack: 60 % of a core and 20 % slack give 72 %.</summary>
public static class MinimumAllocation
{
    /// <summary>
    /// From the cheapest allocation upward, the first that keeps the agreement, and breaks no other. The answer rests on every
    /// interpolated cell up to the one chosen: those that were passed over, and the chosen one itself.
    /// </summary>
    /// <param name="cells">Cells with a value, from the cheapest (<see cref="CellCost"/>); one or more.</param>
    /// <param name="largest">The largest allocation of the matrix: taken when no cell keeps the agreement.</param>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="slack">Fraction added to the minimum of each resource, zero or more.</param>
    /// <exception cref="ArgumentException">No cell.</exception>
    public static AllocationAnswer Find(IReadOnlyList<MatrixCell> cells, Allocation largest, Agreement agreement, double slack)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ArgumentNullException.ThrowIfNull(agreement);
        ArgumentOutOfRangeException.ThrowIfNegative(slack);
        if (cells.Count == 0)
            throw new ArgumentException("A minimum needs at least one cell.", nameof(cells));
        var chosen = cells.ToList().FindIndex(cell => cell.Keeps(agreement));
        if (chosen < 0)
        {
            var best = cells.MinBy(cell => agreement.Cost(cell.Value))!;
            return new AllocationAnswer(
                false,
                largest,
                WithSlack(largest, slack),
                [.. cells.Where(cell => cell.Interpolated)],
                $"no allocation that was tried keeps {agreement}; the best was {Show(best)} with {best.Allocation}");
        }

        var minimum = cells[chosen];
        var below = chosen > 0 ? $"; {cells[chosen - 1].Allocation} has {Show(cells[chosen - 1])}" : "";
        return new AllocationAnswer(
            true,
            minimum.Allocation,
            WithSlack(minimum.Allocation, slack),
            [.. cells.Take(chosen + 1).Where(cell => cell.Interpolated)],
            $"{minimum.Allocation} is the cheapest that keeps {agreement}: {Show(minimum)}{below}");

        string Show(MatrixCell cell) =>
            MetricNames.Describe(agreement.Metric, cell.Value) + (cell.Breaks is { } broken ? $", but breaks {broken}" : "");
    }

    // Twelve digits: 0.6 × 1.2 is 0.72, whatever binary fractions make of it.
    private static Allocation WithSlack(Allocation minimum, double slack) =>
        new(minimum.Amounts.Select(pair => KeyValuePair.Create(pair.Key, Math.Round(pair.Value * (1 + slack), 12))));
}
