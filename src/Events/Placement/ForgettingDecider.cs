using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sandboxes;

namespace JustRunIt.Events.Placement;

/// <summary>Releases a machine's name from the host agent that holds it, on an operator's word.</summary>
public sealed class ForgettingDecider : IDecider<ForgetMachine>
{
    /// <inheritdoc />
    public string Name => "forgetting";

    /// <inheritdoc />
    public int Version => 1;

    /// <summary>An operator wants a machine forgotten.</summary>
    public Decision Decide(IReading reading, ForgetMachine message, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(cause);
        var stream = Streams.DataCenter(message.DataCenter);
        var placement = reading.State<PlacementState>(stream);
        var inventory = placement.Inventory;
        var sandbox = reading.State<SandboxState>(Streams.Sandbox(message.DataCenter, message.Machine));
        var vms = inventory.Vms.Values.Where(vm => vm.Machine == message.Machine).Select(vm => vm.Vm).ToList();
        if (!message.Force && Reason(message, vms, sandbox, placement, cause.At) is { } reason)
        {
            return Decision.On(
                stream, new MachineNotForgotten(message.DataCenter, message.Machine, message.RequestId, reason, cause.At));
        }

        return Decision.On(stream, new MachineForgotten(
            message.DataCenter,
            message.Machine,
            message.RequestId,
            inventory.Machines.GetValueOrDefault(message.Machine)?.Agent,
            vms,
            cause.At));
    }

    private static string? Reason(
        ForgetMachine message, List<string> vms, SandboxState sandbox, PlacementState placement, DateTimeOffset at)
    {
        if (vms.Count > 0)
            return $"{string.Join(", ", vms)} run on it by all that is known; --force forgets them too, and ends nothing";
        if (sandbox.Holder is { } holder && sandbox.Until > at)
            return $"{holder} has it as its sandbox until {sandbox.Until:O}; --force forgets it all the same";
        return placement.InProgress is { } running
            && running.Steps.Skip(placement.StepsDone).Any(step => step.Machine == message.Machine || step.To == message.Machine)
            ? "a placement that is being carried out has steps there; --force forgets it all the same"
            : null;
    }
}
