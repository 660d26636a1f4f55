using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A machine is there no longer: its host agent has ended in good order. Nothing is placed or tried there until it is announced again;
/// its name stays its agent's until it is forgotten. On the data centre's stream, by Placement on the host agent's word.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Agent">Its host agent.</param>
/// <param name="Vms">Servers that the agent has stopped; what else runs there runs on.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.machine-left.v1")]
public sealed record MachineLeft(
    string DataCenter, string Machine, string Agent, IReadOnlyList<string> Vms, DateTimeOffset At) : IDomainEvent;
