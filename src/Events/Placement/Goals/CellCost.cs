using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Goals;

/// <summary>What an allocation costs: the weighted sum of its amounts, each as a fraction of the largest that was tried.</summary>
public static class CellCost
{
    /// <summary>Cells from the cheapest; equal ones in the order of their indices.</summary>
    /// <param name="cells">The cells.</param>
    /// <param name="largest">The largest allocation of the matrix.</param>
    /// <param name="weights">Weight by resource; 1 where none is named.</param>
    public static IReadOnlyList<MatrixCell> Order(
        IEnumerable<MatrixCell> cells, Allocation largest, IReadOnlyDictionary<string, double> weights)
    {
        ArgumentNullException.ThrowIfNull(largest);
        ArgumentNullException.ThrowIfNull(weights);
        return [.. cells.OrderBy(cell => Of(cell.Allocation, largest, weights)).ThenBy(cell => cell.Cell)];
    }

    private static double Of(Allocation allocation, Allocation largest, IReadOnlyDictionary<string, double> weights) => Math.Round(
        allocation.Amounts.Sum(pair =>
            (weights.TryGetValue(pair.Key, out var weight) ? weight : 1)
            * (largest[pair.Key] is { } most and > 0 ? pair.Value / most : 0)),
        12);
}
