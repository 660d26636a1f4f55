using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Explorations;

/// <summary>
/// A matrix of the exploration under way could not decide, and measuring again may mend that: once the exploration has ended, the service
/// is explored again. On the exploration's stream, by the Experimenter.
/// </summary>
/// <param name="ExplorationId">The exploration under way.</param>
/// <param name="Service">The service.</param>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Goal">What the exploration is for.</param>
/// <param name="CorrelationId">Of everything that the violation, or the slack, led to.</param>
/// <param name="Detail">Why the matrix could not decide, in one sentence.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.repetition-noted.v1")]
public sealed record RepetitionNoted(
    Guid ExplorationId,
    string Service,
    Guid MatrixId,
    string Tier,
    ExplorationGoal Goal,
    Guid CorrelationId,
    string Detail,
    DateTimeOffset At) : IDomainEvent;
