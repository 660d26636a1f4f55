using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// A machine belongs to the data centre, or its description changed. On the data centre's stream, by Placement on the host agent's word.
/// </summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Agent">Its host agent.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Capacity">What it has; CPU in its own cores.</param>
/// <param name="Hypervisor">The back end that runs virtual machines there.</param>
/// <param name="Simulated">True when several such machines share one real one.</param>
[WireName("justrunit.machine-joined.v2")]
public sealed record MachineJoined(
    string DataCenter,
    string Machine,
    string Agent,
    MachineRole Role,
    Allocation Capacity,
    string Hypervisor,
    bool Simulated) : IDomainEvent;
