using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.DataCenters;

/// <summary>A virtual machine runs on a machine. On the data centre's stream, by Placement on the host agent's word.</summary>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Vm">The virtual machine.</param>
/// <param name="Service">Its service.</param>
/// <param name="Tier">Its tier.</param>
/// <param name="Machine">Where it runs.</param>
/// <param name="Pinned">True when it may not be migrated.</param>
/// <param name="Allocation">What it has.</param>
/// <param name="Agent">The host agent that holds it; null from an older program: that of the machine.</param>
/// <param name="StartedBy">The request that it was started by; null from an older program.</param>
[WireName("justrunit.vm-placed.v2")]
public sealed record VmPlaced(
    string DataCenter,
    string Vm,
    string Service,
    string Tier,
    string Machine,
    bool Pinned,
    Allocation Allocation,
    string? Agent = null,
    Guid? StartedBy = null) : IDomainEvent;
