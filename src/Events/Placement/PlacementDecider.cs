using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Placement;

/// <summary>
/// The management entity of §3.1: judges each filled matrix, decides the minimum allocation with slack and the machines, and
/// takes the first step. A matrix that cannot be right, or is not the newest, decides nothing but a stated reason.
/// </summary>
public sealed class PlacementDecider : IDecider<MatrixFilled>, IDecider<MismatchDetected>, IDecider<TimerElapsed>
{
    /// <inheritdoc />
    public string Name => "placing";

    /// <inheritdoc />
    public int Version => 4;

    /// <summary>A matrix is filled.</summary>
    public Decision Decide(IReading reading, MatrixFilled message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return DecideFrom(reading, message.MatrixId, cause);
    }

    /// <summary>A value that a decision used was wrong: decides anew with the measured one.</summary>
    public Decision Decide(IReading reading, MismatchDetected message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(message);
        return DecideFrom(reading, message.MatrixId, cause);
    }

    /// <summary>A wait of a data centre is over: a step was not answered, or a deferred matrix has its turn.</summary>
    public Decision Decide(IReading reading, TimerElapsed message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        return message.Kind switch
        {
            TimerKind.PlacementRetry => DecideFrom(reading, message.Subject, cause),
            TimerKind.StepOverdue => StepDecider.Overdue(reading, message),
            _ => Decision.Nothing(WhyNothing.NotAddressed, $"timer {message.Kind} of {message.Stream}"),
        };
    }

    private static Decision DecideFrom(IReading reading, Guid matrixId, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(cause);
        var matrixStream = Streams.Matrix(matrixId);
        var matrix = reading.State<MatrixState>(matrixStream);
        if (matrix.Opened is not { } settings)
            return Decision.Nothing(WhyNothing.Unregistered, $"matrix {matrixId} was never opened");
        var stream = Streams.DataCenter(settings.DataCenter);
        var state = reading.State<PlacementState>(stream);
        var service = reading.State<ServiceState>(Streams.Service(settings.Service));
        var policy = reading.State<PolicyState>(Streams.Policy(settings.DataCenter)).Current.Placing;
        if (state.InProgress is not null)
        {
            return Decision.On(stream, new PlacementDeferred(settings.DataCenter, matrixId, cause.At + policy.RetryAfter))
                .Under(settings.CorrelationId);
        }

        var choice = AllocationChoice.Of(state, service, matrix, policy, cause.At);
        if (choice is AllocationChoice.NotDecided refused)
        {
            return Decision.On(
                stream,
                new AllocationNotDecided(
                    settings.DataCenter,
                    matrixId,
                    settings.At,
                    settings.ExplorationId,
                    settings.CorrelationId,
                    settings.Service,
                    settings.Tier,
                    settings.Goal,
                    refused.Reason,
                    refused.Detail,
                    cause.At)).Under(settings.CorrelationId);
        }

        var decided = (AllocationChoice.Decided)choice;
        var decisionId = DeterministicId.From(cause.MessageId, "placement");
        var (allocated, placement) = Packer.Pack(state.Inventory.Present, settings, decided, policy, decisionId, cause.At);
        var allocation = new AllocationDecided(
            decisionId,
            settings.CorrelationId,
            matrixId,
            reading.VersionOf(matrixStream),
            settings.At,
            settings.Service,
            settings.Tier,
            settings.Goal,
            settings.Agreement,
            settings.Slack,
            [.. decided.Cells],
            decided.Answer.Attainable,
            decided.Answer.Minimum,
            allocated,
            [.. decided.Answer.RestsOn.Select(cell => cell.Cell)],
            decided.Answer.Reason,
            cause.At);
        var after = PlacementState.Evolve(PlacementState.Evolve(state, allocation), placement);
        return Decision.On(stream, allocation, placement)
            .And(stream, Progress.NextStep(after, settings.DataCenter, policy, cause.At))
            .And(matrixStream, decided.Answer.RestsOn.Select(cell => new InterpolationUsed(matrixId, cell.Cell, decisionId)))
            .Under(settings.CorrelationId);
    }
}
