using JustRunIt.Events.Matrices;

namespace JustRunIt.Events.Explorations.Driving;

/// <summary>
/// Heuristic 1 (§2.2.2): beyond some point, resource additions do not improve performance. Along each line of cells that
/// differ in one dimension only, the measured cells are walked by increasing allocation; at the first pair (a, b) of
/// neighbouring measured cells whose gain (rt(a) − rt(b)) / rt(a) is under the threshold, the unmeasured cells larger than
/// a are cancelled: an addition from a on is not worth its experiments. Cells smaller than a are never cancelled.
/// </summary>
public static class DiminishingReturns
{
    /// <summary>The cells to cancel, each with the gain that was seen.</summary>
    /// <param name="shape">The matrix.</param>
    /// <param name="values">The agreed metric, of which less is better, of each measured cell.</param>
    /// <param name="threshold">Smallest relative gain that is worth more experiments, from 0 to 1.</param>
    public static IReadOnlyList<CancelledCell> Prune(
        MatrixShape shape, IReadOnlyDictionary<Cell, double> values, double threshold)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(values);
        var cancelled = new SortedDictionary<Cell, double>();
        for (var dimension = 0; dimension < shape.Dimensions.Length; dimension++)
        {
            var along = dimension;
            foreach (var line in values.Keys.GroupBy(cell => cell.With(along, 0)))
            {
                var measured = line.OrderBy(cell => cell[along]).ToList();
                foreach (var (smaller, larger) in measured.Zip(measured.Skip(1)))
                {
                    // Where nothing is left to gain, nothing is gained.
                    var gain = values[smaller] == 0 ? 0 : (values[smaller] - values[larger]) / values[smaller];
                    if (gain >= threshold)
                        continue;
                    for (var index = smaller[along] + 1; index < shape.Dimensions[along].Points; index++)
                    {
                        var cell = smaller.With(along, index);
                        if (!values.ContainsKey(cell))
                            cancelled.TryAdd(cell, gain);
                    }

                    break;
                }
            }
        }

        return [.. cancelled.Select(entry => new CancelledCell(entry.Key, entry.Value))];
    }
}
