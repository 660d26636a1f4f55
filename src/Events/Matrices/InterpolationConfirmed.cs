using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A validation agrees with the interpolated value. On the matrix' stream, by the Checker.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Interpolated">The interpolated mean response time.</param>
/// <param name="Measured">The measured one.</param>
/// <param name="RelativeDifference">|interpolated − measured| / measured.</param>
/// <param name="Threshold">Largest difference that confirms.</param>
[WireName("justrunit.interpolation-confirmed.v1")]
public sealed record InterpolationConfirmed(
    Guid MatrixId,
    Cell Cell,
    TimeSpan Interpolated,
    TimeSpan Measured,
    double RelativeDifference,
    double Threshold) : IDomainEvent;
