using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>The minimum allocation of §3.1, with slack: 60 % of a core and 20 % slack give 72 %.</summary>
public static class MinimumAllocation
{
    /// <summary>
    /// From the smallest allocation upward, the first that keeps the agreement. The answer rests on every interpolated cell
    /// up to the one chosen: those that were passed over, and the chosen one itself.
    /// </summary>
    /// <param name="cells">Cells with a value, in any order; one or more.</param>
    /// <param name="agreed">The agreed mean response time.</param>
    /// <param name="slack">Fraction added to the minimum, zero or more.</param>
    /// <exception cref="ArgumentException">No cell.</exception>
    public static AllocationAnswer Find(IReadOnlyList<MatrixCell> cells, TimeSpan agreed, double slack)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ArgumentOutOfRangeException.ThrowIfNegative(slack);
        if (cells.Count == 0)
            throw new ArgumentException("A minimum needs at least one cell.", nameof(cells));
        var ordered = cells.OrderBy(cell => cell.Cpu).ToList();
        var largest = ordered[^1].Cpu;
        var chosen = ordered.FindIndex(cell => cell.Mean <= agreed);
        if (chosen < 0)
            return new AllocationAnswer(false, largest, largest, true, [.. ordered.Where(cell => cell.Interpolated)]);
        // Twelve digits: 0.6 × 1.2 is 0.72, whatever binary fractions make of it.
        var wanted = new CpuShare(Math.Round(ordered[chosen].Cpu.Cores * (1 + slack), 12));
        var capped = wanted > largest;
        return new AllocationAnswer(
            true,
            ordered[chosen].Cpu,
            capped ? largest : wanted,
            capped,
            [.. ordered.Take(chosen + 1).Where(cell => cell.Interpolated)]);
    }
}
