using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Matrices.Checking;

/// <summary>Validates every interpolated value that a decision used (§2.2.3).</summary>
public sealed class CheckingDecider : IDecider<InterpolationUsed>, IDecider<ExperimentCompleted>
{
    /// <inheritdoc />
    public string Name => "checking";

    /// <inheritdoc />
    public int Version => 3;

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
        if (matrix.Interpolated.GetValueOrDefault(message.Cell)?.Metrics[metric] is not { Value: var interpolated }
            || message.Sandbox.Metrics[metric] is not { Value: var measured })
        {
            return Decision.Nothing(WhyNothing.Unregistered, $"cell {message.Cell} has no interpolated {metric} to compare with");
        }

        var difference = measured > 0
            ? Math.Abs((interpolated - measured) / measured)
            : interpolated == measured ? 0 : double.MaxValue;
        // However near: a decision that took it for one that keeps the agreement would rest on one that breaks it.
        var breaks = settings.Agreement.IsKeptBy(interpolated) && !settings.Agreement.IsKeptBy(measured);
        IDomainEvent outcome = difference > settings.MismatchThreshold || breaks
            ? new MismatchDetected(
                settings.MatrixId,
                message.Cell,
                metric,
                interpolated,
                measured,
                difference,
                settings.MismatchThreshold,
                settings.Service,
                settings.DataCenter,
                settings.Tier)
            : new InterpolationConfirmed(
                settings.MatrixId,
                message.Cell,
                metric,
                interpolated,
                measured,
                difference,
                settings.MismatchThreshold);
        return Decision.On(stream, outcome).Under(settings.CorrelationId);
    }
}
