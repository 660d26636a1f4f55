using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>A virtual machine has moved. On the data centre's stream, by Placement on the host agent's word.</summary>
/// <param name="DecisionId">The decision.</param>
/// <param name="Step">Index of the step.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="To">Where it runs now.</param>
/// <param name="Took">From the command to the end of the move.</param>
[WireName("justrunit.migration-completed.v1")]
public sealed record MigrationCompleted(Guid DecisionId, int Step, string Vm, string To, TimeSpan Took) : IDomainEvent;
