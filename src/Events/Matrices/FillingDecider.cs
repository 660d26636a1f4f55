using JustRunIt.Events.Matrices.Interpolation;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>Fills the blank cells between measured ones, and flags them (§2.2.3).</summary>
public static class FillingDecider
{
    /// <summary>The experiments have ended: interpolates every blank cell that measured ones enclose, once.</summary>
    public static IEnumerable<IDomainEvent> On(MatrixState matrix, ExperimentsEnded ended, IInterpolationMethod method)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(ended);
        ArgumentNullException.ThrowIfNull(method);
        if (matrix.Filled || ended.Purpose != ExperimentPurpose.Explore)
            return [];
        var settings = matrix.Settings;
        var measured = matrix.Measured.ToDictionary(entry => entry.Key, entry => entry.Value.Sandbox.Mean.TotalMilliseconds);
        var interpolated = matrix.Shape.Cells
            .Where(cell => !measured.ContainsKey(cell))
            .Select(cell => (cell, value: method.Interpolate(matrix.Shape, measured, cell)))
            .Where(entry => entry.value is not null)
            .Select(entry => new CellInterpolated(
                settings.MatrixId,
                entry.cell,
                matrix.CpuOf(entry.cell) ?? default,
                TimeSpan.FromMilliseconds(entry.value!.Value),
                entry.value.EstimatedError,
                method.Name,
                [.. entry.value.From]))
            .ToList();
        return
        [
            .. interpolated,
            new MatrixFilled(
                settings.MatrixId,
                settings.Service,
                settings.DataCenter,
                settings.Tier,
                measured.Count,
                interpolated.Count,
                matrix.Shape.Count - measured.Count - interpolated.Count),
        ];
    }
}
