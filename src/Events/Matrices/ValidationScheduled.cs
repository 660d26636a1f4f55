using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>The checker wants an interpolated cell measured, in the background (§2.2.3). On the matrix' stream, by the Checker.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Deadline">Not after this time (UTC).</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.validation-scheduled.v1")]
public sealed record ValidationScheduled(Guid MatrixId, Cell Cell, DateTimeOffset Deadline, DateTimeOffset At) : IDomainEvent;
