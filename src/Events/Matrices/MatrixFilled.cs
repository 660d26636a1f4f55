using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// Every cell that can have a value has one; the management entity may decide. On the matrix' stream, by the Interpolator.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Measured">Number of measured cells.</param>
/// <param name="Interpolated">Number of interpolated cells.</param>
/// <param name="Blank">Number of cells without a value: pruned, failed, or outside of what was measured.</param>
[WireName("justrunit.matrix-filled.v1")]
public sealed record MatrixFilled(
    Guid MatrixId,
    string Service,
    string DataCenter,
    string Tier,
    int Measured,
    int Interpolated,
    int Blank) : IDomainEvent;
