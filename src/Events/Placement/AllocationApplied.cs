using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>An on-line virtual machine has its new allocation. On the data centre's stream, by Placement on the host agent's word.</summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Cpu">The cap as read back.</param>
[WireName("justrunit.allocation-applied.v1")]
public sealed record AllocationApplied(Guid DecisionId, int Step, string Vm, CpuShare Cpu) : IDomainEvent;
