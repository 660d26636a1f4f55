using System.Collections.Immutable;
using MathNet.Numerics.Interpolation;

namespace JustRunIt.Events.Matrices.Filling;

/// <summary>
/// Linear interpolation (§2.2.3), multilinear in the smallest box of measured cells that encloses the blank one: the box
/// whose corners are all measured, with the fewest cells, and among equals the one with the lowest corner, then the one with
/// the lowest opposite corner, so that the same cells always give the same value. The estimated error is the
/// largest that a monotone function through the same corners could make: the larger distance from the value to the
/// smallest and the largest corner.
/// </summary>
public sealed class LinearInterpolation : IInterpolationMethod
{
    /// <inheritdoc />
    public string Name => "linear";

    /// <inheritdoc />
    public InterpolatedValue? Interpolate(MatrixShape shape, IReadOnlyDictionary<Cell, double> measured, Cell blank)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(blank);
        if (Enclose(shape, measured, blank) is not { } box)
            return null;
        var corners = MatrixShape.Product(box).Distinct().Order().ToImmutableArray();
        var value = Along(shape, measured, blank, box, [], 0);
        var error = corners.Max(corner => Math.Abs(measured[corner] - value));
        return new InterpolatedValue(value, error, corners);
    }

    /// <summary>Interpolates dimension by dimension: along the first, between values interpolated in the others.</summary>
    private static double Along(
        MatrixShape shape, IReadOnlyDictionary<Cell, double> measured, Cell blank, int[][] box, ImmutableArray<int> prefix, int dimension)
    {
        if (dimension == box.Length)
            return measured[new Cell([.. prefix])];
        var values = box[dimension]
            .Select(index => Along(shape, measured, blank, box, prefix.Add(index), dimension + 1))
            .ToArray();
        if (values.Length == 1)
            return values[0];
        var positions = box[dimension].Select(shape.Dimensions[dimension].ValueAt).ToArray();
        return LinearSpline.InterpolateSorted(positions, values).Interpolate(shape.Dimensions[dimension].ValueAt(blank[dimension]));
    }

    /// <summary>For each dimension the one index or the two between which the blank cell lies.</summary>
    private static int[][]? Enclose(MatrixShape shape, IReadOnlyDictionary<Cell, double> measured, Cell blank)
    {
        var choices = Enumerable.Range(0, shape.Dimensions.Length).Select(dimension =>
        {
            var indices = measured.Keys.Select(cell => cell[dimension]).Distinct().ToList();
            var below = indices.Where(index => index < blank[dimension]);
            var above = indices.Where(index => index > blank[dimension]).ToList();
            var between = below.SelectMany(low => above.Select(high => new[] { low, high }));
            return (indices.Contains(blank[dimension]) ? between.Prepend([blank[dimension]]) : between).ToList();
        }).ToList();
        IEnumerable<int[][]> boxes = [[]];
        foreach (var choice in choices)
            boxes = boxes.SelectMany(box => choice.Select(range => (int[][])[.. box, range]));
        return boxes
            .Where(box => MatrixShape.Product(box).All(measured.ContainsKey))
            .OrderBy(box => box.Aggregate(1L, (volume, range) => volume * (range[^1] - range[0] + 1)))
            .ThenBy(box => new Cell([.. box.Select(range => range[0])]))
            .ThenBy(box => new Cell([.. box.Select(range => range[^1])]))
            .FirstOrDefault();
    }
}
