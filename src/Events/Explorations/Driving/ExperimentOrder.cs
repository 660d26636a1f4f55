using JustRunIt.Events.Matrices;

namespace JustRunIt.Events.Explorations.Driving;

/// <summary>
/// The driver's order of cells (§2.2.2): the corners, then exactly the middle of each unexplored range, and so on
/// recursively. A range with an even number of steps has its middle; one with an odd number takes the lower of the two
/// middle cells. In several dimensions each round halves the ranges of every dimension and names the new cells of the
/// finer grid, those with the most coordinates on the coarser grid first.
/// </summary>
public static class ExperimentOrder
{
    /// <summary>All cells, each once.</summary>
    public static IEnumerable<Cell> Order(MatrixShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var grid = shape.Dimensions.Select(dimension => new[] { 0, dimension.Points - 1 }).ToArray();
        var named = new HashSet<Cell>();
        foreach (var cell in shape.Corners)
        {
            if (named.Add(cell))
                yield return cell;
        }

        while (grid.Where((indices, i) => indices.Length < shape.Dimensions[i].Points).Any())
        {
            var coarse = grid.Select(indices => indices.ToHashSet()).ToArray();
            grid = [.. grid.Select(Halve)];
            var fresh = MatrixShape.Product(grid)
                .Where(cell => !named.Contains(cell))
                .OrderBy(cell => Enumerable.Range(0, cell.Dimensions).Count(i => !coarse[i].Contains(cell[i])))
                .ThenBy(cell => cell);
            foreach (var cell in fresh.ToList())
            {
                named.Add(cell);
                yield return cell;
            }
        }
    }

    private static int[] Halve(int[] indices) =>
    [
        .. indices
            .Zip(indices.Skip(1), (low, high) => high - low > 1 ? new[] { low, low + ((high - low) / 2) } : [low])
            .SelectMany(pair => pair)
            .Append(indices[^1]),
    ];
}
