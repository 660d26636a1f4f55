using System.Collections.Immutable;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>What a data centre's stream says so far.</summary>
/// <param name="Machines">Machines by name.</param>
/// <param name="Vms">On-line virtual machines by name: where they are and what they have.</param>
/// <param name="InProgress">The placement that is being carried out; null when none is.</param>
/// <param name="InProgressService">The service whose exploration led to it.</param>
/// <param name="StepsDone">How many of its steps are done.</param>
/// <param name="PendingRequest">The step that was asked for and has not been answered.</param>
/// <param name="LastAllocation">The last decision on each matrix.</param>
public sealed record DataCenterState(
    ImmutableDictionary<string, MachineJoined> Machines,
    ImmutableDictionary<string, VmPlaced> Vms,
    PlacementDecided? InProgress,
    string? InProgressService,
    int StepsDone,
    Guid? PendingRequest,
    ImmutableDictionary<Guid, AllocationDecided> LastAllocation) : IState<DataCenterState>
{
    /// <inheritdoc />
    public static DataCenterState Initial { get; } = new(
        ImmutableDictionary<string, MachineJoined>.Empty,
        ImmutableDictionary<string, VmPlaced>.Empty,
        null,
        null,
        0,
        null,
        ImmutableDictionary<Guid, AllocationDecided>.Empty);

    /// <inheritdoc />
    public static DataCenterState Evolve(DataCenterState state, IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(state);
        return @event switch
        {
            MachineJoined e => state with { Machines = state.Machines.SetItem(e.Machine, e) },
            VmPlaced e => state with { Vms = state.Vms.SetItem(e.Vm, e) },
            AllocationDecided e => state with
            {
                LastAllocation = state.LastAllocation.SetItem(e.MatrixId, e),
                InProgressService = e.Service,
            },
            PlacementDecided e => state with { InProgress = e.Feasible ? e : null, StepsDone = 0, PendingRequest = null },
            PlacementDeferred => state,
            MigrationStarted e => state with { PendingRequest = e.RequestId },
            AllocationStarted e => state with { PendingRequest = e.RequestId },
            MigrationCompleted e => state with
            {
                Vms = state.Vms.SetItem(e.Vm, state.Vms[e.Vm] with { Machine = e.To }),
                StepsDone = e.Step + 1,
                PendingRequest = null,
            },
            AllocationApplied e => state with
            {
                Vms = state.Vms.SetItem(e.Vm, state.Vms[e.Vm] with { Cpu = e.Cpu }),
                StepsDone = e.Step + 1,
                PendingRequest = null,
            },
            MigrationFailed or AllocationFailed or PlacementApplied => state with
            {
                InProgress = null,
                InProgressService = null,
                PendingRequest = null,
            },
            _ => throw new UnknownEventException(typeof(DataCenterState), @event),
        };
    }
}
