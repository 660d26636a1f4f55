using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>Another placement is in progress; the matrix is looked at again later. On the data centre's stream, by Placement.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="MatrixId">The matrix that waits.</param>
/// <param name="RetryAt">When (UTC).</param>
[WireName("justrunit.placement-deferred.v1")]
public sealed record PlacementDeferred(string DataCenter, Guid MatrixId, DateTimeOffset RetryAt) : IDomainEvent, IPlacementProgress;
