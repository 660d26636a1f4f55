using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>Keeps the data centre's inventory as its host agents tell it; what is known already is not said again.</summary>
public sealed class InventoryDecider : IDecider<MachineAnnounced>, IDecider<VmStarted>
{
    /// <inheritdoc />
    public string Name => "inventory";

    /// <inheritdoc />
    public int Version => 2;

    /// <summary>A host agent tells of a machine.</summary>
    public Decision Decide(IReading reading, MachineAnnounced message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        var stream = Streams.DataCenter(message.DataCenter);
        var joined = new MachineJoined(
            message.DataCenter,
            message.Machine,
            message.Agent,
            message.Role,
            message.Capacity,
            message.Hypervisor,
            message.Simulated);
        return reading.State<Inventory>(stream).Machines.GetValueOrDefault(message.Machine) == joined
            ? Decision.Nothing(WhyNothing.Unchanged, $"machine {message.Machine} is known as it is")
            : Decision.On(stream, joined);
    }

    /// <summary>A host agent tells of an on-line virtual machine.</summary>
    public Decision Decide(IReading reading, VmStarted message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        var stream = Streams.DataCenter(message.DataCenter);
        var placed = new VmPlaced(
            message.DataCenter,
            message.Vm,
            message.Service,
            message.Tier,
            message.Machine,
            message.Pinned,
            message.Allocation);
        return reading.State<Inventory>(stream).Vms.GetValueOrDefault(message.Vm) == placed
            ? Decision.Nothing(WhyNothing.Unchanged, $"virtual machine {message.Vm} is known as it is")
            : Decision.On(stream, placed);
    }
}
