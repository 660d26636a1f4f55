using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>A blank cell got an interpolated value, flagged as such (§2.2.3). On the matrix' stream, by the Interpolator.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Allocation">The cell's amount of each dimension's resource.</param>
/// <param name="Metrics">Interpolated values, with their estimated errors.</param>
/// <param name="Method">The interpolation method.</param>
/// <param name="From">The measured cells that it rests on.</param>
[WireName("justrunit.cell-interpolated.v2")]
public sealed record CellInterpolated(
    Guid MatrixId,
    Cell Cell,
    Allocation Allocation,
    Measurement Metrics,
    string Method,
    IReadOnlyList<Cell> From) : IDomainEvent;
