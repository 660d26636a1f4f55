using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A decision rests on an interpolated cell, which is to be validated (§2.2.3). On the matrix' stream, by Placement.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="DecisionId">The decision.</param>
[WireName("justrunit.interpolation-used.v1")]
public sealed record InterpolationUsed(Guid MatrixId, Cell Cell, Guid DecisionId) : IDomainEvent;
