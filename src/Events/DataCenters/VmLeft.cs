using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A server runs no longer; its name is free. On the data centre's stream, by Placement on the host agent's word.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Reason">One line.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.vm-left.v1")]
public sealed record VmLeft(string DataCenter, string Vm, string Machine, string Reason, DateTimeOffset At) : IDomainEvent;
