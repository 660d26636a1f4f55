using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// A validation disagrees with the interpolated value that a decision used; Placement decides anew. On the matrix' stream, by the Checker.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Metric">The agreed metric.</param>
/// <param name="Interpolated">Its interpolated value.</param>
/// <param name="Measured">The measured one.</param>
/// <param name="RelativeDifference">|interpolated − measured| / measured.</param>
/// <param name="Threshold">Largest difference that confirms.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Tier">The tier.</param>
[WireName("justrunit.mismatch-detected.v2")]
public sealed record MismatchDetected(
    Guid MatrixId,
    Cell Cell,
    string Metric,
    double Interpolated,
    double Measured,
    double RelativeDifference,
    double Threshold,
    string Service,
    string DataCenter,
    string Tier) : IDomainEvent;
