using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Goals;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Placement;

/// <summary>
/// The minimum allocation that keeps the agreement, with slack (§3.1), and everything the decision read. On the data
/// centre's stream, by Placement.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="CorrelationId">Of everything that the violation, or the slack, led to.</param>
/// <param name="MatrixId">The matrix it rests on.</param>
/// <param name="MatrixVersion">The version of the matrix' stream that was read.</param>
/// <param name="MatrixOpenedAt">When the matrix was opened (UTC): a newer one supersedes it.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Goal">What the exploration was for.</param>
/// <param name="Agreement">What was agreed.</param>
/// <param name="Slack">Fraction added to the minimum.</param>
/// <param name="Cells">All cells with a value, from the cheapest.</param>
/// <param name="Attainable">False when no cell keeps the agreement.</param>
/// <param name="Minimum">Cheapest allocation that keeps the agreement; the largest of the matrix when none does.</param>
/// <param name="Allocated">
/// Minimum plus slack, at most what a machine has; after a violation not less than the servers have already.
/// </param>
/// <param name="RestsOn">Interpolated cells on which the answer rests.</param>
/// <param name="Reason">One sentence with value and bound.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.allocation-decided.v2")]
public sealed record AllocationDecided(
    Guid DecisionId,
    Guid CorrelationId,
    Guid MatrixId,
    long MatrixVersion,
    DateTimeOffset MatrixOpenedAt,
    string Service,
    string Tier,
    ExplorationGoal Goal,
    Agreement Agreement,
    double Slack,
    IReadOnlyList<MatrixCell> Cells,
    bool Attainable,
    Allocation Minimum,
    Allocation Allocated,
    IReadOnlyList<Cell> RestsOn,
    string Reason,
    DateTimeOffset At) : IDomainEvent, IPlacementProgress;
