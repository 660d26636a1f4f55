using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>Every step of a placement was done on-line. On the data centre's stream, by Placement.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="DecisionId">The decision.</param>
/// <param name="Service">The service whose exploration led to it.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.placement-applied.v1")]
public sealed record PlacementApplied(
    string DataCenter, Guid DecisionId, string Service, DateTimeOffset At) : IDomainEvent, IPlacementProgress;
