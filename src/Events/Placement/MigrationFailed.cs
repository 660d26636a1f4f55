using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>
/// A virtual machine stayed where it was; the rest of the placement is given up. On the data centre's stream, by Placement.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.migration-failed.v1")]
public sealed record MigrationFailed(Guid DecisionId, int Step, string Vm, string Reason) : IDomainEvent, IPlacementProgress;
