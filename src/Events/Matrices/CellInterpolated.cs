using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Matrices;

/// <summary>A blank cell got an interpolated value, flagged as such (§2.2.3). On the matrix' stream, by the Interpolator.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Cpu">Its CPU share.</param>
/// <param name="Mean">Interpolated mean response time.</param>
/// <param name="EstimatedErrorMilliseconds">Estimated error of <paramref name="Mean"/>.</param>
/// <param name="Method">The interpolation method.</param>
/// <param name="From">The measured cells that it rests on.</param>
[WireName("justrunit.cell-interpolated.v1")]
public sealed record CellInterpolated(
    Guid MatrixId,
    Cell Cell,
    CpuShare Cpu,
    TimeSpan Mean,
    double EstimatedErrorMilliseconds,
    string Method,
    IReadOnlyList<Cell> From) : IDomainEvent;
