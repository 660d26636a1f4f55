using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>Keeps the data centre's inventory as its host agents tell it; what is known already is not said again.</summary>
public static class InventoryDecider
{
    /// <summary>A host agent tells of a machine.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, MachineAnnounced announced)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(announced);
        var joined = new MachineJoined(
            announced.DataCenter,
            announced.Machine,
            announced.Agent,
            announced.Role,
            announced.Cpu,
            announced.Memory,
            announced.Hypervisor,
            announced.Simulated);
        return state.Machines.GetValueOrDefault(announced.Machine) == joined ? [] : [joined];
    }

    /// <summary>A host agent tells of an on-line virtual machine.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, VmStarted started)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(started);
        var placed = new VmPlaced(
            started.DataCenter,
            started.Vm,
            started.Service,
            started.Tier,
            started.Machine,
            started.Pinned,
            started.Cpu,
            started.Memory);
        return state.Vms.GetValueOrDefault(started.Vm) == placed ? [] : [placed];
    }
}
