using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>
/// An on-line virtual machine kept its allocation; the rest of the placement is given up. On the data centre's stream, by Placement.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.allocation-failed.v1")]
public sealed record AllocationFailed(Guid DecisionId, int Step, string Vm, string Reason) : IDomainEvent, IPlacementProgress;
