using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A validation agrees with the interpolated value. On the matrix' stream, by the Checker.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Metric">The agreed metric.</param>
/// <param name="Interpolated">Its interpolated value.</param>
/// <param name="Measured">The measured one.</param>
/// <param name="RelativeDifference">|interpolated − measured| / measured.</param>
/// <param name="Threshold">Largest difference that confirms.</param>
[WireName("justrunit.interpolation-confirmed.v2")]
public sealed record InterpolationConfirmed(
    Guid MatrixId,
    Cell Cell,
    string Metric,
    double Interpolated,
    double Measured,
    double RelativeDifference,
    double Threshold) : IDomainEvent;
