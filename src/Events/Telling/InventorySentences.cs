using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for machines, and who runs where; null for other events.</summary>
internal static class InventorySentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        MachineJoined e => $"machine {e.Machine} of agent {e.Agent} is there, as {$"{e.Role}".ToLowerInvariant()}, with {e.Capacity}, by "
            + $"{e.Hypervisor}{(e.Simulated ? ", simulated" : "")}",
        VmPlaced e => $"{e.Vm} of {e.Service}/{e.Tier} runs on {e.Machine} with {e.Allocation}{(e.Pinned ? ", and stays there" : "")}",
        MachineClaimRefused e => $"agent {e.Agent} may not have machine {e.Machine}, which is {e.Holder}'s: {e.Reason}",
        VmClaimRefused e => $"agent {e.Agent} may not have {e.Vm} on {e.Machine}, which is {e.Holder}'s: {e.Reason}",
        MachineLeft e => $"machine {e.Machine} of agent {e.Agent} has left{With(e.Vms)}",
        VmLeft e => $"{e.Vm} has left {e.Machine}: {e.Reason}",
        MachineForgotten e => $"machine {e.Machine} is forgotten{With(e.Vms)}{(e.Agent is { } agent ? $"; it was agent {agent}'s" : "")}",
        MachineNotForgotten e => $"machine {e.Machine} is not forgotten: {e.Reason}",
        _ => null,
    };

    private static string With(IReadOnlyList<string> vms) => vms.Count == 0 ? "" : $", with {List(vms)}";
}
