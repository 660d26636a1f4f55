using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.DataCenters;

/// <summary>Machines, and who runs where with what, as a data centre's stream says.</summary>
/// <param name="Machines">Machines by name.</param>
/// <param name="Vms">On-line virtual machines by name.</param>
public sealed record Inventory(
    ImmutableSortedDictionary<string, MachineJoined> Machines,
    ImmutableSortedDictionary<string, VmPlaced> Vms) : IState<Inventory>
{
    /// <inheritdoc />
    public static Inventory Initial { get; } = new(
        ImmutableSortedDictionary.Create<string, MachineJoined>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, VmPlaced>(StringComparer.Ordinal));

    /// <inheritdoc />
    public static Inventory Evolve(Inventory state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            MachineJoined e => state with { Machines = state.Machines.SetItem(e.Machine, e) },
            VmPlaced e => state with { Vms = state.Vms.SetItem(e.Vm, e) },
            MigrationCompleted e => state.Change(e.Vm, vm => vm with { Machine = e.To }),
            AllocationApplied e => state.Change(e.Vm, vm => vm with { Allocation = e.Allocation.Over(vm.Allocation) }),
            IPlacementProgress => state,
            _ => throw new UnknownEventException(typeof(Inventory), @event),
        };
    }

    private Inventory Change(string vm, Func<VmPlaced, VmPlaced> change) =>
        Vms.TryGetValue(vm, out var placed) ? this with { Vms = Vms.SetItem(vm, change(placed)) } : this;
}
