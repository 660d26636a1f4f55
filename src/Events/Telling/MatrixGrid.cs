using JustRunIt.Events.Matrices;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>A matrix as a grid: the last dimension runs to the right, of those before it each combination has a line.</summary>
internal static class MatrixGrid
{
    private const string Key = "~ interpolated, ! breaks the agreement, - cancelled by a heuristic, x failed, ... running, ? no value";

    public static IReadOnlyList<string> Of(MatrixState matrix)
    {
        if (matrix.Opened is not { } opened)
            return ["the matrix is not opened"];
        var dimensions = matrix.Shape.Dimensions;
        var across = dimensions[^1];
        var rows = new List<string[]>
        {
            new[] { "" }.Concat(Enumerable.Range(0, across.Points).Select(i => Value(across, i))).ToArray(),
        };
        foreach (var cells in matrix.Shape.Cells.Chunk(across.Points))
        {
            var title = dimensions[..^1].Select((dimension, i) => Value(dimension, cells[0][i]));
            rows.Add([string.Join(", ", title), .. cells.Select(cell => Of(matrix, opened.Agreement, cell))]);
        }

        var head = $"{opened.Service}/{opened.Tier}, {opened.Agreement}: "
            + Say($"{matrix.Measured.Count} measured, {matrix.Interpolated.Count} interpolated, {matrix.Blank.Count()} blank");
        return [$"{head} ({Key})", .. Aligned(rows)];
    }

    private static string Value(Dimension dimension, int index) => ResourceNames.Describe(dimension.Resource, dimension.ValueAt(index));

    private static string Of(MatrixState matrix, Agreement agreement, Cell cell)
    {
        if (matrix.Running?.Cell.Equals(cell) == true)
            return "...";
        if (matrix.Measured.TryGetValue(cell, out var measured))
            return Of(agreement, measured.Sandbox.Metrics, "");
        if (matrix.Interpolated.TryGetValue(cell, out var interpolated))
            return Of(agreement, interpolated.Metrics, "~");
        return matrix.Failed.Contains(cell) ? "x" : matrix.Pruned.Contains(cell) ? "-" : "?";
    }

    private static string Of(Agreement agreement, Measurement metrics, string flag) => metrics[agreement.Metric] is not { Value: var value }
        ? $"{flag}?"
        : $"{flag}{MetricNames.Describe(agreement.Metric, value)}{(agreement.IsKeptBy(value) ? "" : "!")}";

    /// <summary>Columns of one width each; numbers to the right.</summary>
    private static IEnumerable<string> Aligned(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return rows.Select(row => string.Join("  ", row.Select(
            (text, column) => column == 0 ? text.PadRight(widths[0]) : text.PadLeft(widths[column]))).TrimEnd());
    }
}
