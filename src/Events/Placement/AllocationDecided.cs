using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>
/// The minimum allocation that keeps the agreement, with slack (§3.1), and everything the decision read. On the data
/// centre's stream, by Placement.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="MatrixId">The matrix it rests on.</param>
/// <param name="MatrixVersion">The version of the matrix' stream that was read.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="Slack">Fraction added to the minimum.</param>
/// <param name="Cells">All cells with a value, by increasing CPU share.</param>
/// <param name="Attainable">False when no cell keeps the agreement: the largest allocation is given then.</param>
/// <param name="Minimum">Smallest allocation that keeps the agreement; the largest tried when none does.</param>
/// <param name="Allocated">Minimum plus slack, at most the largest allocation of the matrix.</param>
/// <param name="RestsOn">Interpolated cells on which the answer rests.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.allocation-decided.v1")]
public sealed record AllocationDecided(
    Guid DecisionId,
    Guid MatrixId,
    long MatrixVersion,
    string Service,
    string Tier,
    TimeSpan Agreed,
    double Slack,
    IReadOnlyList<MatrixCell> Cells,
    bool Attainable,
    CpuShare Minimum,
    CpuShare Allocated,
    IReadOnlyList<Cell> RestsOn,
    DateTimeOffset At) : IDomainEvent;
