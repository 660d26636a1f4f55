using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices.Filling;

/// <summary>Fills the blank cells between measured ones, and flags them (§2.2.3).</summary>
public sealed class FillingDecider : IDecider<ExperimentsEnded>
{
    /// <inheritdoc />
    public string Name => "filling";

    /// <inheritdoc />
    public int Version => 2;

    /// <summary>The experiments have ended: interpolates every blank cell that measured ones enclose, once.</summary>
    public Decision Decide(IReading reading, ExperimentsEnded message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        if (message.Purpose != ExperimentPurpose.Explore)
            return Decision.Nothing(WhyNothing.NotAddressed, "validations fill nothing");
        var stream = Streams.Matrix(message.MatrixId);
        var matrix = reading.State<MatrixState>(stream);
        if (matrix.Opened is not { } settings)
            return Decision.Nothing(WhyNothing.Unregistered, $"matrix {message.MatrixId} was never opened");
        if (matrix.Filled)
            return Decision.Nothing(WhyNothing.AlreadyHandled, $"matrix {message.MatrixId} is filled");
        var method = InterpolationMethods.Named(settings.Interpolation);
        var blank = matrix.Shape.Cells.Where(cell => !matrix.Measured.ContainsKey(cell)).ToList();
        var interpolated = blank
            .Select(cell => (cell, metrics: Interpolate(matrix, method, cell)))
            .Where(entry => entry.metrics.Values is not null)
            .Select(entry => new CellInterpolated(
                settings.MatrixId,
                entry.cell,
                matrix.AllocationOf(entry.cell),
                entry.metrics.Values!,
                method.Name,
                entry.metrics.From))
            .ToList();
        return Decision.On(
            stream,
            [
                .. interpolated,
                new MatrixFilled(
                    settings.MatrixId,
                    settings.Service,
                    settings.DataCenter,
                    settings.Tier,
                    matrix.Measured.Count,
                    interpolated.Count,
                    blank.Count - interpolated.Count),
            ]).Under(settings.CorrelationId);
    }

    /// <summary>Every metric that all measured cells have; null values when the cell is not enclosed.</summary>
    private static (Measurement? Values, IReadOnlyList<Cell> From) Interpolate(MatrixState matrix, IInterpolationMethod method, Cell cell)
    {
        var values = Measurement.None;
        IReadOnlyList<Cell> from = [];
        var metrics = matrix.Measured.Values
            .Select(result => result.Sandbox.Metrics.Metrics)
            .Aggregate((IEnumerable<string>?)null, (common, names) => common?.Intersect(names) ?? names) ?? [];
        foreach (var metric in metrics.Order(StringComparer.Ordinal))
        {
            var measured = matrix.Measured.ToDictionary(entry => entry.Key, entry => entry.Value.Sandbox.Metrics[metric]!.Value.Value);
            if (method.Interpolate(matrix.Shape, measured, cell) is not { } value)
                return (null, []);
            values = values.With(metric, value.Value, value.EstimatedError);
            from = value.From;
        }

        return (from.Count == 0 ? null : values, from);
    }
}
