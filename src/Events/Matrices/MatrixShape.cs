using System.Collections.Immutable;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>The dimensions of a matrix, and so its cells.</summary>
/// <param name="Dimensions">One or more valid dimensions.</param>
public sealed record MatrixShape(ImmutableArray<Dimension> Dimensions)
{
    /// <summary>Number of cells.</summary>
    public int Count => Dimensions.Aggregate(1, (count, dimension) => checked(count * dimension.Points));

    /// <summary>All cells, the last dimension running fastest.</summary>
    public IEnumerable<Cell> Cells => Product([.. Dimensions.Select(dimension => Enumerable.Range(0, dimension.Points).ToArray())]);

    /// <summary>The corners: every dimension at its minimum or maximum, the last running fastest.</summary>
    public IEnumerable<Cell> Corners => Product([.. Dimensions.Select(dimension => new[] { 0, dimension.Points - 1 })]);

    /// <summary>Whether the cell lies in the matrix.</summary>
    public bool Contains(Cell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return cell.Dimensions == Dimensions.Length && Enumerable.Range(0, cell.Dimensions).All(i => cell[i] < Dimensions[i].Points);
    }

    /// <summary>All cells whose index in each dimension is one of those given for it, the last dimension running fastest.</summary>
    internal static IEnumerable<Cell> Product(IReadOnlyList<int[]> choices)
    {
        IEnumerable<int[]> prefixes = [[]];
        foreach (var choice in choices)
            prefixes = prefixes.SelectMany(prefix => choice.Select(index => (int[])[.. prefix, index]));
        return prefixes.Select(indices => new Cell(indices));
    }
}
