using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Matrices.Checking;

/// <summary>Validates every interpolated value that a decision used (§2.2.3).</summary>
public sealed class CheckingDecider : IDecider<InterpolationUsed>, IDecider<ExperimentCompleted>
{
    /// <inheritdoc />
    public string Name => "checking";

    /// <inheritdoc />
    public int Version => 4;

    /// <summary>A decision used an interpolated cell: its validation is scheduled, once.</summary>
    public Decision Decide(IReading reading, InterpolationUsed message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.Matrix(message.MatrixId);
        var matrix = reading.State<MatrixState>(stream);
        if (matrix.Opened is not { } settings)
            return Decision.Nothing(WhyNothing.Unregistered, $"matrix {message.MatrixId} was never opened");
        var policy = reading.State<PolicyState>(Streams.Policy(settings.DataCenter)).Current.Checking;
        if (matrix.Measured.ContainsKey(message.Cell) || matrix.Checked.Contains(message.Cell))
            return Decision.Nothing(WhyNothing.Unchanged, $"cell {message.Cell} is measured");
        return matrix.Validations.Contains(message.Cell)
            ? Decision.Nothing(WhyNothing.UnderWay, $"cell {message.Cell} is being validated")
            : Decision.On(stream, new ValidationScheduled(message.MatrixId, message.Cell, cause.At + policy.Patience, cause.At))
                .Under(settings.CorrelationId);
    }

    /// <summary>A validation was measured: it confirms the interpolated value, or not.</summary>
    public Decision Decide(IReading reading, ExperimentCompleted message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        if (message.Purpose != ExperimentPurpose.Validate)
            return Decision.Nothing(WhyNothing.NotAddressed, "the experiment was no validation");
        var stream = Streams.Matrix(message.MatrixId);
        var matrix = reading.State<MatrixState>(stream);
        if (matrix.Opened is not { } settings)
            return Decision.Nothing(WhyNothing.Unregistered, $"matrix {message.MatrixId} was never opened");
        if (matrix.Checked.Contains(message.Cell))
            return Decision.Nothing(WhyNothing.AlreadyHandled, $"cell {message.Cell} is checked");
        var metric = settings.Agreement.Metric;
        var level = reading.State<ServiceState>(Streams.Service(settings.Service)).Registered?.Level;
        if (Compare(matrix, message, metric) is not var (interpolated, measured, difference))
            return Decision.Nothing(WhyNothing.Unregistered, $"cell {message.Cell} has no interpolated {metric} to compare with");
        // However near: a decision that took it for one that keeps the agreement would rest on one that breaks it.
        if (difference > settings.MismatchThreshold || Breaks(settings.Agreement, interpolated, measured))
            return Mismatch(metric, interpolated, measured, difference);
        // Nor may it rest on a cell that keeps this agreement at the cost of another one of the service.
        foreach (var other in level?.OthersThan(metric) ?? [])
        {
            if (Compare(matrix, message, other.Metric) is var (before, now, by) && Breaks(other, before, now))
                return Mismatch(other.Metric, before, now, by);
        }

        var confirmed = new InterpolationConfirmed(
            settings.MatrixId, message.Cell, metric, interpolated, measured, difference, settings.MismatchThreshold);
        return Decision.On(stream, confirmed).Under(settings.CorrelationId);

        Decision Mismatch(string on, double expected, double found, double by) => Decision.On(
            stream,
            new MismatchDetected(
                settings.MatrixId,
                message.Cell,
                on,
                expected,
                found,
                by,
                settings.MismatchThreshold,
                settings.Service,
                settings.DataCenter,
                settings.Tier)).Under(settings.CorrelationId);
    }

    private static bool Breaks(Agreement agreement, double interpolated, double measured) =>
        agreement.IsKeptBy(interpolated) && !agreement.IsKeptBy(measured);

    /// <summary>Both values of a metric, and by which part of the measured one they differ; null where one of them is not there.</summary>
    private static (double Interpolated, double Measured, double Difference)? Compare(
        MatrixState matrix, ExperimentCompleted completed, string metric)
    {
        if (!matrix.Interpolated.TryGetValue(completed.Cell, out var cell)
            || cell.Metrics[metric] is not { Value: var interpolated }
            || completed.Sandbox.Metrics[metric] is not { Value: var measured })
        {
            return null;
        }

        var difference = measured > 0
            ? Math.Abs((interpolated - measured) / measured)
            : interpolated == measured ? 0 : double.MaxValue;
        return (interpolated, measured, difference);
    }
}
