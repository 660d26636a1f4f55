using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Placement;

/// <summary>
/// A matrix decided no allocation, and why; what can be mended by measuring again is explored again. On the data centre's
/// stream, by Placement.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="MatrixId">The matrix.</param>
/// <param name="MatrixOpenedAt">When the matrix was opened (UTC): a newer one supersedes it.</param>
/// <param name="ExplorationId">Its exploration.</param>
/// <param name="CorrelationId">Of everything that the violation, or the slack, led to.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Goal">What the exploration was for.</param>
/// <param name="Reason">Why.</param>
/// <param name="Detail">One sentence with value and bound.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.allocation-not-decided.v1")]
public sealed record AllocationNotDecided(
    string DataCenter,
    Guid MatrixId,
    DateTimeOffset MatrixOpenedAt,
    Guid ExplorationId,
    Guid CorrelationId,
    string Service,
    string Tier,
    ExplorationGoal Goal,
    WhyNotDecided Reason,
    string Detail,
    DateTimeOffset At) : IDomainEvent, IPlacementProgress;
