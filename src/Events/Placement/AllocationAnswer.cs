using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>What <see cref="MinimumAllocation"/> found.</summary>
/// <param name="Attainable">False when no allocation keeps the agreement.</param>
/// <param name="Minimum">Smallest allocation that keeps it; the largest tried when none does.</param>
/// <param name="Allocated">Minimum plus slack, at most the largest tried.</param>
/// <param name="CappedAtMaximum">True when the slack would have gone beyond the largest tried.</param>
/// <param name="RestsOn">Interpolated cells that the answer rests on.</param>
public sealed record AllocationAnswer(
    bool Attainable,
    CpuShare Minimum,
    CpuShare Allocated,
    bool CappedAtMaximum,
    IReadOnlyList<MatrixCell> RestsOn);
