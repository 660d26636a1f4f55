using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent tells of a machine that it manages, when it starts.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Machine">The machine's name.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Cpu">Capacity in the machine's own cores.</param>
/// <param name="Memory">Capacity.</param>
/// <param name="Hypervisor">The back end that runs virtual machines there.</param>
/// <param name="Simulated">True when several such machines share one real one, each a capped control group.</param>
[WireName("justrunit.machine-announced.v1")]
public sealed record MachineAnnounced(
    string DataCenter,
    string Agent,
    string Machine,
    MachineRole Role,
    CpuShare Cpu,
    MemorySize Memory,
    string Hypervisor,
    bool Simulated) : IReport;
