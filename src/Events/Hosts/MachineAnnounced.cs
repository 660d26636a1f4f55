using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent tells of a machine that it manages, when it starts, and when it ends.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Machine">The machine's name.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Capacity">What it has; CPU in its own cores.</param>
/// <param name="Hypervisor">The back end that runs virtual machines there.</param>
/// <param name="Simulated">True when several such machines share one real one, each a capped control group.</param>
/// <param name="Leaving">True when the agent ends in good order: the machine is there no longer.</param>
/// <param name="Stopping">True when the agent stops at its end what runs there; else that runs on.</param>
[WireName("justrunit.machine-announced.v2")]
public sealed record MachineAnnounced(
    [Named] string DataCenter,
    [Named] string Agent,
    [Named] string Machine,
    MachineRole Role,
    Allocation Capacity,
    string Hypervisor,
    bool Simulated,
    bool Leaving = false,
    bool Stopping = false) : IReport;
