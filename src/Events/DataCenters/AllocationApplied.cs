using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// An on-line virtual machine has its new allocation. On the data centre's stream, by Placement on the host agent's word.
/// </summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Allocation">What was set, as read back.</param>
[WireName("justrunit.allocation-applied.v2")]
public sealed record AllocationApplied(Guid DecisionId, int Step, string Vm, Allocation Allocation) : IDomainEvent;
