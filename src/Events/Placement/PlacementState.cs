using System.Collections.Immutable;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>What a data centre's stream says so far.</summary>
/// <param name="Inventory">Machines, and who runs where with what.</param>
/// <param name="InProgress">The placement that is being carried out; null when none is.</param>
/// <param name="Deciding">The allocation that led to it.</param>
/// <param name="StepsDone">How many of its steps are done.</param>
/// <param name="PendingRequest">The step that was asked for and has not been answered.</param>
/// <param name="NewestMatrix">When the newest matrix was opened that was judged (UTC), by service and tier.</param>
public sealed record PlacementState(
    Inventory Inventory,
    PlacementDecided? InProgress,
    AllocationDecided? Deciding,
    int StepsDone,
    Guid? PendingRequest,
    ImmutableSortedDictionary<string, DateTimeOffset> NewestMatrix) : IState<PlacementState>
{
    /// <inheritdoc />
    public static PlacementState Initial { get; } = new(
        Inventory.Initial, null, null, 0, null, ImmutableSortedDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal));

    /// <inheritdoc />
    public static PlacementState Evolve(PlacementState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        state = state with { Inventory = Inventory.Evolve(state.Inventory, @event) };
        return @event switch
        {
            MachineJoined or MachineLeft or MachineForgotten or MachineNotForgotten or MachineClaimRefused => state,
            VmPlaced or VmLeft or VmClaimRefused or PlacementDeferred => state,
            AllocationDecided e => state.Judged(e.Service, e.Tier, e.MatrixOpenedAt) with { Deciding = e },
            AllocationNotDecided e => state.Judged(e.Service, e.Tier, e.MatrixOpenedAt),
            PlacementDecided e => state with
            {
                InProgress = e.Feasible ? e : null,
                Deciding = e.Feasible ? state.Deciding : null,
                StepsDone = 0,
                PendingRequest = null,
            },
            MigrationStarted e => state with { PendingRequest = e.RequestId },
            AllocationStarted e => state with { PendingRequest = e.RequestId },
            MigrationCompleted e => state with { StepsDone = e.Step + 1, PendingRequest = null },
            AllocationApplied e => state with { StepsDone = e.Step + 1, PendingRequest = null },
            MigrationFailed or AllocationFailed or PlacementApplied => state with
            {
                InProgress = null,
                Deciding = null,
                PendingRequest = null,
            },
            _ => throw new UnknownEventException(typeof(PlacementState), @event),
        };
    }

    /// <summary>When the newest judged matrix of a tier was opened (UTC); null when none was judged.</summary>
    public DateTimeOffset? NewestOf(string service, string tier) =>
        NewestMatrix.TryGetValue(Key(service, tier), out var openedAt) ? openedAt : null;

    private static string Key(string service, string tier) => $"{service}/{tier}";

    private PlacementState Judged(string service, string tier, DateTimeOffset openedAt) =>
        NewestOf(service, tier) >= openedAt ? this : this with { NewestMatrix = NewestMatrix.SetItem(Key(service, tier), openedAt) };
}
