using System.Collections.Immutable;
using System.Text.Json.Serialization;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>Machines, who runs where with what, and whose both are, as a data centre's stream says.</summary>
/// <param name="Machines">Machines by name, also those that have left: their names are still held.</param>
/// <param name="Vms">On-line virtual machines by name.</param>
/// <param name="Away">Since when (UTC) a machine's host agent has left, by machine; one that is there is not listed.</param>
/// <param name="Ordered">
/// Machine of another agent that a virtual machine was last told to move to, by virtual machine: a word that it runs there is believed,
/// also one that comes after the move was given up.
/// </param>
public sealed record Inventory(
    ImmutableSortedDictionary<string, MachineJoined> Machines,
    ImmutableSortedDictionary<string, VmPlaced> Vms,
    ImmutableSortedDictionary<string, DateTimeOffset> Away,
    ImmutableSortedDictionary<string, string> Ordered) : IState<Inventory>
{
    /// <inheritdoc />
    public static Inventory Initial { get; } = new(
        ImmutableSortedDictionary.Create<string, MachineJoined>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, VmPlaced>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <summary>The same without machines whose agents have left, and what runs there: what can be placed, moved or tried now.</summary>
    [JsonIgnore]
    public Inventory Present => Away.IsEmpty
        ? this
        : this with
        {
            Machines = Machines.RemoveRange(Away.Keys),
            Vms = Vms.RemoveRange(Vms.Values.Where(vm => Away.ContainsKey(vm.Machine)).Select(vm => vm.Vm)),
        };

    /// <inheritdoc />
    public static Inventory Evolve(Inventory state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            MachineJoined e => state with { Machines = state.Machines.SetItem(e.Machine, e), Away = state.Away.Remove(e.Machine) },
            MachineLeft e => state with { Away = state.Away.SetItem(e.Machine, e.At), Vms = state.Vms.RemoveRange(e.Vms) },
            MachineForgotten e => state with
            {
                Machines = state.Machines.Remove(e.Machine),
                Away = state.Away.Remove(e.Machine),
                Vms = state.Vms.RemoveRange(e.Vms),
                Ordered = state.Ordered.RemoveRange(e.Vms),
            },
            VmPlaced e => state with { Vms = state.Vms.SetItem(e.Vm, e), Ordered = state.Ordered.Remove(e.Vm) },
            VmLeft e => state with { Vms = state.Vms.Remove(e.Vm), Ordered = state.Ordered.Remove(e.Vm) },
            IMoveOrdered e => state with
            {
                Ordered = e.ToAgent is null ? state.Ordered.Remove(e.Vm) : state.Ordered.SetItem(e.Vm, e.To),
            },
            MigrationCompleted e => state.Change(
                e.Vm, vm => vm with { Machine = e.To, Agent = state.Machines.GetValueOrDefault(e.To)?.Agent ?? vm.Agent }) with
            {
                Ordered = state.Ordered.Remove(e.Vm),
            },
            AllocationApplied e => state.Change(e.Vm, vm => vm with { Allocation = e.Allocation.Over(vm.Allocation) }),
            IPlacementProgress or MachineClaimRefused or VmClaimRefused or MachineNotForgotten => state,
            _ => throw new UnknownEventException(typeof(Inventory), @event),
        };
    }

    /// <summary>The host agent that holds a server; null when nobody does.</summary>
    public string? HolderOf(string vm) =>
        Vms.TryGetValue(vm, out var placed) ? placed.Agent ?? Machines.GetValueOrDefault(placed.Machine)?.Agent : null;

    private Inventory Change(string vm, Func<VmPlaced, VmPlaced> change) =>
        Vms.TryGetValue(vm, out var placed) ? this with { Vms = Vms.SetItem(vm, change(placed)) } : this;
}
