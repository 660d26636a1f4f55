using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>
/// Keeps the data centre's inventory as its host agents tell it; what is known already is not said again. A name is held by the agent
/// that announced it first, and a second claimant is refused.
/// </summary>
public sealed class InventoryDecider : IDecider<MachineAnnounced>, IDecider<VmStarted>, IDecider<VmExited>
{
    /// <inheritdoc />
    public string Name => "inventory";

    /// <inheritdoc />
    public int Version => 3;

    /// <summary>A host agent tells of a machine: that it is there, or that it leaves.</summary>
    public Decision Decide(IReading reading, MachineAnnounced message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.DataCenter(message.DataCenter);
        var inventory = reading.State<Inventory>(stream);
        var known = inventory.Machines.GetValueOrDefault(message.Machine);
        if (message.Leaving)
            return Leave(inventory, known, message, cause);
        if (known is not null && known.Agent != message.Agent)
        {
            return Decision.On(stream, new MachineClaimRefused(
                message.DataCenter,
                message.Machine,
                message.Agent,
                known.Agent,
                $"machine {message.Machine} is agent {known.Agent}'s; give it another name, or release it by './justrunit forget "
                    + $"{message.Machine}'",
                cause.At));
        }

        var joined = new MachineJoined(
            message.DataCenter,
            message.Machine,
            message.Agent,
            message.Role,
            message.Capacity,
            message.Hypervisor,
            message.Simulated);
        return known == joined && !inventory.Away.ContainsKey(message.Machine)
            ? Decision.Nothing(WhyNothing.Unchanged, $"machine {message.Machine} is known as it is")
            : Decision.On(stream, joined);
    }

    /// <summary>A host agent tells of an on-line virtual machine.</summary>
    public Decision Decide(IReading reading, VmStarted message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.DataCenter(message.DataCenter);
        var inventory = reading.State<Inventory>(stream);
        if (Claim(inventory, message, cause) is { } refused)
            return Decision.On(stream, refused);
        var placed = new VmPlaced(
            message.DataCenter,
            message.Vm,
            message.Service,
            message.Tier,
            message.Machine,
            message.Pinned,
            message.Allocation,
            message.Agent,
            message.StartedBy);
        return inventory.Vms.GetValueOrDefault(message.Vm) == placed
            ? Decision.Nothing(WhyNothing.Unchanged, $"virtual machine {message.Vm} is known as it is")
            : Decision.On(stream, placed);
    }

    /// <summary>A server has ended by itself: its name is free, unless it was started anew meanwhile.</summary>
    public Decision Decide(IReading reading, VmExited message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        if (message.Subject is not null || message.DataCenter is not { } dataCenter)
            return Decision.Nothing(WhyNothing.NotAddressed, $"{message.Vm} was no server of a data centre that is told");
        var stream = Streams.DataCenter(dataCenter);
        var inventory = reading.State<Inventory>(stream);
        if (!inventory.Vms.TryGetValue(message.Vm, out var placed))
            return Decision.Nothing(WhyNothing.Unchanged, $"virtual machine {message.Vm} is not known");
        if (inventory.HolderOf(message.Vm) is { } holder && holder != message.Agent)
            return Decision.Nothing(WhyNothing.NotAddressed, $"virtual machine {message.Vm} is agent {holder}'s");
        return placed.StartedBy != message.StartedBy
            ? Decision.Nothing(WhyNothing.AlreadyHandled, $"virtual machine {message.Vm} was started anew since")
            : Decision.On(stream, new VmLeft(dataCenter, message.Vm, placed.Machine, message.Reason, cause.At));
    }

    private static Decision Leave(Inventory inventory, MachineJoined? known, MachineAnnounced message, Cause cause)
    {
        if (known?.Agent != message.Agent)
            return Decision.Nothing(WhyNothing.NotAddressed, $"machine {message.Machine} is not agent {message.Agent}'s");
        if (inventory.Away.ContainsKey(message.Machine))
            return Decision.Nothing(WhyNothing.Unchanged, $"machine {message.Machine} has left already");
        var stopped = message.Stopping ? inventory.Vms.Values.Where(vm => vm.Machine == message.Machine).Select(vm => vm.Vm) : [];
        return Decision.On(
            Streams.DataCenter(message.DataCenter),
            new MachineLeft(message.DataCenter, message.Machine, message.Agent, [.. stopped], cause.At));
    }

    /// <summary>Why a host agent is not believed that a server runs with it; null when it is.</summary>
    private static VmClaimRefused? Claim(Inventory inventory, VmStarted message, Cause cause)
    {
        if (inventory.Machines.GetValueOrDefault(message.Machine)?.Agent is { } owner && owner != message.Agent)
            return Refused(owner, $"machine {message.Machine}, on which {message.Vm} is said to run, is agent {owner}'s");
        if (inventory.HolderOf(message.Vm) is not { } holder || holder == message.Agent)
            return null;
        return inventory.Ordered.GetValueOrDefault(message.Vm) == message.Machine
            ? null
            : Refused(holder, $"virtual machine {message.Vm} is agent {holder}'s, and was not told to move; give it another name");

        VmClaimRefused Refused(string other, string reason) =>
            new(message.DataCenter, message.Vm, message.Machine, message.Agent, other, reason, cause.At);
    }
}
