using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="HostsAsked"/>: its machines and what runs on them now.</summary>
/// <param name="RequestId">The question.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Hypervisor">The back end that runs virtual machines there.</param>
/// <param name="Simulated">True when its machines are capped control groups on one real machine.</param>
/// <param name="Machines">Its machines.</param>
/// <param name="Vms">On-line virtual machines and clones.</param>
/// <param name="Clones">What clones of that back end are; null from an agent that does not say.</param>
/// <param name="Why">Why it is that back end, with what speaks against a better one; null likewise.</param>
/// <param name="Quarantined">Processes that nothing explains, and that run on; null from an agent that does not say.</param>
[WireName("justrunit.host-reported.v2")]
public sealed record HostReported(
    Guid RequestId,
    [Named] string DataCenter,
    [Named] string Agent,
    string Hypervisor,
    bool Simulated,
    IReadOnlyList<HostMachine> Machines,
    IReadOnlyList<HostVm> Vms,
    string? Clones = null,
    string? Why = null,
    IReadOnlyList<HostUnknown>? Quarantined = null) : IReport;

/// <summary>A machine of a host agent.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Capacity">What it has; CPU in its own cores.</param>
public sealed record HostMachine([Named] string Name, MachineRole Role, Allocation Capacity);

/// <summary>A virtual machine or clone that runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Machine">Where.</param>
/// <param name="Allocation">What it has.</param>
/// <param name="Endpoint">host:port at which it is reached.</param>
/// <param name="CloneOf">The original; null for an on-line virtual machine.</param>
/// <param name="LeaseUntil">When the clone is destroyed (UTC); null for an on-line virtual machine.</param>
/// <param name="Moves">How often it has moved between agents.</param>
public sealed record HostVm(
    [Named] string Name,
    [Named] string Machine,
    Allocation Allocation,
    string Endpoint,
    [Named] string? CloneOf,
    DateTimeOffset? LeaseUntil,
    int Moves = 0);

/// <summary>Processes in quarantine (<see cref="VmQuarantined"/>).</summary>
/// <param name="Name">Name of their control group.</param>
/// <param name="Machine">Where.</param>
/// <param name="Allocation">What counts as taken.</param>
/// <param name="CanBeAdopted">Whether it is noted how a server of that name was started.</param>
/// <param name="Reason">Why they are not taken up.</param>
public sealed record HostUnknown(string Name, [Named] string Machine, Allocation Allocation, bool CanBeAdopted, string Reason);
