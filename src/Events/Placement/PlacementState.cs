using System.Collections.Immutable;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Placement;

/// <summary>What a data centre's stream says so far.</summary>
/// <param name="Inventory">Machines, and who runs where with what.</param>
/// <param name="InProgress">The placement that is being carried out; null when none is.</param>
/// <param name="Deciding">The allocation that led to it.</param>
/// <param name="StepsDone">How many of its steps are done.</param>
/// <param name="PendingRequest">The step of the placement in progress that was asked for and has not been answered.</param>
/// <param name="NewestMatrix">When the newest matrix was opened that was judged (UTC), by service and tier.</param>
/// <param name="Asked">
/// What agents were told to do and of which nothing is known, in that order: the pending step, and steps that were given up.
/// </param>
public sealed record PlacementState(
    Inventory Inventory,
    PlacementDecided? InProgress,
    AllocationDecided? Deciding,
    int StepsDone,
    Guid? PendingRequest,
    ImmutableSortedDictionary<string, DateTimeOffset> NewestMatrix,
    ImmutableList<AskedStep> Asked) : IState<PlacementState>
{
    /// <summary>Steps of one server that are remembered: of what was given up before them nothing is heard any more.</summary>
    private const int MostAsked = 8;

    /// <inheritdoc />
    public static PlacementState Initial { get; } = new(
        Inventory.Initial, null, null, 0, null, ImmutableSortedDictionary.Create<string, DateTimeOffset>(StringComparer.Ordinal), []);

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
            MigrationStarted e => state.Ask(e.RequestId, e.DecisionId, e.Step, e.Vm, e.Agent, e.To, e.ToAgent),
            AllocationStarted e => state.Ask(e.RequestId, e.DecisionId, e.Step, e.Vm, e.Agent, null, null),
            MigrationCompleted e => state.Done(e.DecisionId, e.Step, e.Vm, isMove: true),
            AllocationApplied e => state.Done(e.DecisionId, e.Step, e.Vm, isMove: false),
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

    /// <summary>
    /// A step is asked for. Of a server, as many are remembered as may still be answered; of one that is gone, none.
    /// </summary>
    private PlacementState Ask(Guid request, Guid decision, int step, string vm, string agent, string? to, string? toAgent)
    {
        var asked = new AskedStep(
            request, decision, step, Deciding?.CorrelationId, vm, Inventory.Vms.GetValueOrDefault(vm)?.StartedBy, agent, to, toAgent);
        var ofServer = Asked.Count(other => other.Vm == vm);
        var kept = ofServer < MostAsked ? Asked : Asked.Remove(Asked.First(other => other.Vm == vm));
        return this with { PendingRequest = request, Asked = [.. kept.Where(other => Inventory.Vms.ContainsKey(other.Vm)), asked] };
    }

    /// <summary>
    /// A step is done: the placement in progress is one further if it is its, and what the server was told of the same kind before it is
    /// answered too.
    /// </summary>
    private PlacementState Done(Guid decision, int step, string vm, bool isMove)
    {
        var last = Asked.FindIndex(asked => asked.DecisionId == decision && asked.Step == step);
        var after = this with { Asked = [.. Asked.Where((asked, i) => i > last || asked.Vm != vm || asked.IsMove != isMove)] };
        return InProgress?.DecisionId == decision ? after with { StepsDone = step + 1, PendingRequest = null } : after;
    }

    private static string Key(string service, string tier) => $"{service}/{tier}";

    private PlacementState Judged(string service, string tier, DateTimeOffset openedAt) =>
        NewestOf(service, tier) >= openedAt ? this : this with { NewestMatrix = NewestMatrix.SetItem(Key(service, tier), openedAt) };
}
