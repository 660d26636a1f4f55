using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>Validates every interpolated value that a decision used (§2.2.3).</summary>
public static class CheckingDecider
{
    /// <summary>A validation that has not been run after so long is given up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>A decision used an interpolated cell: its validation is scheduled, once.</summary>
    public static IEnumerable<IDomainEvent> On(MatrixState matrix, InterpolationUsed used, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(used);
        ArgumentNullException.ThrowIfNull(cause);
        return matrix.Measured.ContainsKey(used.Cell) || matrix.Validations.Contains(used.Cell) || matrix.Checked.Contains(used.Cell)
            ? []
            : [new ValidationScheduled(used.MatrixId, used.Cell, cause.At + Patience, cause.At)];
    }

    /// <summary>A validation was measured: it confirms the interpolated value, or not.</summary>
    public static IEnumerable<IDomainEvent> On(MatrixState matrix, ExperimentCompleted completed)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(completed);
        if (completed.Purpose != ExperimentPurpose.Validate
            || matrix.Checked.Contains(completed.Cell)
            || !matrix.Interpolated.TryGetValue(completed.Cell, out var interpolated))
        {
            return [];
        }

        var settings = matrix.Settings;
        var measured = completed.Sandbox.Mean;
        var difference = measured > TimeSpan.Zero
            ? Math.Abs((interpolated.Mean - measured) / measured)
            : interpolated.Mean == measured ? 0 : double.MaxValue;
        return difference > settings.MismatchThreshold
            ?
            [
                new MismatchDetected(
                    settings.MatrixId,
                    completed.Cell,
                    interpolated.Mean,
                    measured,
                    difference,
                    settings.MismatchThreshold,
                    settings.Service,
                    settings.DataCenter,
                    settings.Tier),
            ]
            :
            [
                new InterpolationConfirmed(
                    settings.MatrixId,
                    completed.Cell,
                    interpolated.Mean,
                    measured,
                    difference,
                    settings.MismatchThreshold),
            ];
    }
}
