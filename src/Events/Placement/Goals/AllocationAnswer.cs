using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Goals;

/// <summary>What <see cref="MinimumAllocation"/> found.</summary>
/// <param name="Attainable">False when no allocation keeps the agreement.</param>
/// <param name="Minimum">Cheapest allocation that keeps it; the largest of the matrix when none does.</param>
/// <param name="WithSlack">The minimum with slack, without regard to what any machine has.</param>
/// <param name="RestsOn">Interpolated cells that the answer rests on.</param>
/// <param name="Reason">One sentence with value and bound.</param>
public sealed record AllocationAnswer(
    bool Attainable, Allocation Minimum, Allocation WithSlack, IReadOnlyList<MatrixCell> RestsOn, string Reason);
