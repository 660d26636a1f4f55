using System.Collections.Immutable;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Packing;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events.Placement;

/// <summary>
/// The management entity of §3.1: minimum allocation with slack, bin packing, and the steps that carry it out on-line,
/// one after another.
/// </summary>
public static class PlacementDecider
{
    /// <summary>How long to wait before a matrix is looked at again while another placement is in progress.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>A host agent that has not answered a step after this long has failed.</summary>
    public static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);

    /// <summary>A matrix is filled, or a mismatch was found in it: decides, and takes the first step.</summary>
    /// <param name="state">The data centre.</param>
    /// <param name="matrix">The matrix.</param>
    /// <param name="matrixVersion">The version of its stream.</param>
    /// <param name="cause">The message that is being handled.</param>
    public static Decision Decide(DataCenterState state, MatrixState matrix, long matrixVersion, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(cause);
        var settings = matrix.Settings;
        if (state.InProgress is not null)
        {
            return new Decision(
                [new PlacementDeferred(settings.DataCenter, settings.MatrixId, cause.At + RetryAfter)],
                []);
        }

        var cells = CellsByCpu(matrix);
        if (cells.Count == 0)
            return Decision.Nothing;
        var decisionId = DeterministicId.From(cause.MessageId, "placement");
        var minimum = MinimumAllocation.Find(cells, settings.Agreed, settings.Slack);
        var allocation = new AllocationDecided(
            decisionId,
            settings.MatrixId,
            matrixVersion,
            settings.Service,
            settings.Tier,
            settings.Agreed,
            settings.Slack,
            cells,
            minimum.Attainable,
            minimum.Minimum,
            minimum.Allocated,
            [.. minimum.RestsOn.Select(cell => cell.Cell)],
            cause.At);
        var placement = Pack(state, settings, minimum.Allocated, decisionId, cause.At);
        List<IDomainEvent> events = [allocation, placement];
        var after = events.Aggregate(state, DataCenterState.Evolve);
        events.AddRange(NextStep(after, settings.DataCenter, cause.At));
        return new Decision(
            events,
            [.. minimum.RestsOn.Select(cell => new InterpolationUsed(settings.MatrixId, cell.Cell, decisionId))]);
    }

    /// <summary>A virtual machine has moved: on to the next step.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, string dataCenter, VmMigrated migrated, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(migrated);
        ArgumentNullException.ThrowIfNull(cause);
        return state is { InProgress: { } placement, PendingRequest: { } request } && request == migrated.RequestId
            ? Proceed(
                state,
                dataCenter,
                new MigrationCompleted(placement.DecisionId, state.StepsDone, migrated.Vm, migrated.To, migrated.Took),
                cause.At)
            : [];
    }

    /// <summary>A virtual machine could not move: the rest of the placement is given up.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, VmMigrationFailed failed)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(failed);
        return state is { InProgress: { } placement, PendingRequest: { } request } && request == failed.RequestId
            ? [new MigrationFailed(placement.DecisionId, state.StepsDone, failed.Vm, failed.Reason)]
            : [];
    }

    /// <summary>An allocation is in force: on to the next step.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, string dataCenter, AllocationSet set, Cause cause)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(cause);
        return state is { InProgress: { } placement, PendingRequest: { } request } && request == set.RequestId
            ? Proceed(state, dataCenter, new AllocationApplied(placement.DecisionId, state.StepsDone, set.Vm, set.Cpu), cause.At)
            : [];
    }

    /// <summary>An allocation could not be set: the rest of the placement is given up.</summary>
    public static IEnumerable<IDomainEvent> On(DataCenterState state, AllocationRefused refused)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(refused);
        return state is { InProgress: { } placement, PendingRequest: { } request } && request == refused.RequestId
            ? [new AllocationFailed(placement.DecisionId, state.StepsDone, refused.Vm, refused.Reason)]
            : [];
    }

    /// <summary>A step was not answered in time: the rest of the placement is given up.</summary>
    public static IEnumerable<IDomainEvent> OnOverdue(DataCenterState state, TimerElapsed timer)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(timer);
        if (state is not { InProgress: { } placement, PendingRequest: { } request } || request != timer.Subject)
            return [];
        var step = placement.Steps[state.StepsDone];
        const string reason = "the host agent has not answered";
        return step.To is not null
            ? [new MigrationFailed(placement.DecisionId, state.StepsDone, step.Vm, reason)]
            : [new AllocationFailed(placement.DecisionId, state.StepsDone, step.Vm, reason)];
    }

    private static IEnumerable<IDomainEvent> Proceed(DataCenterState state, string dataCenter, IDomainEvent done, DateTimeOffset at) =>
        [done, .. NextStep(DataCenterState.Evolve(state, done), dataCenter, at)];

    private static IEnumerable<IDomainEvent> NextStep(DataCenterState state, string dataCenter, DateTimeOffset at)
    {
        if (state.InProgress is not { } placement)
            return [];
        var index = state.StepsDone;
        if (index >= placement.Steps.Count)
            return [new PlacementApplied(dataCenter, placement.DecisionId, state.InProgressService ?? "", at)];
        var step = placement.Steps[index];
        var request = DeterministicId.From(placement.DecisionId, $"step/{index}");
        var agent = state.Machines[step.Machine].Agent;
        return step.To is { } to
            ?
            [
                new MigrationStarted(
                    dataCenter, placement.DecisionId, index, request, agent, step.Vm, step.Machine, to, at, state.Machines[to].Agent is var other && other != agent ? other : null),
            ]
            : [new AllocationStarted(dataCenter, placement.DecisionId, index, request, agent, step.Vm, step.Cpu ?? default, step.Memory, at)];
    }

    /// <summary>Cells with a value by increasing CPU share; with further dimensions the others stand at their maximum.</summary>
    private static ImmutableList<MatrixCell> CellsByCpu(MatrixState matrix)
    {
        var dimensions = matrix.Settings.Dimensions;
        bool OthersAtMaximum(Cell cell) => Enumerable.Range(0, dimensions.Count)
            .All(i => dimensions[i].Resource == ResourceNames.Cpu || cell[i] == dimensions[i].Points - 1);
        var measured = matrix.Measured.Values
            .Select(result => new MatrixCell(result.Cell, result.Cpu, result.Sandbox.Mean, Interpolated: false));
        var interpolated = matrix.Interpolated.Values
            .Where(value => !matrix.Measured.ContainsKey(value.Cell))
            .Select(value => new MatrixCell(value.Cell, value.Cpu, value.Mean, Interpolated: true));
        return [.. measured.Concat(interpolated).Where(cell => OthersAtMaximum(cell.Cell)).OrderBy(cell => cell.Cpu)];
    }

    private static PlacementDecided Pack(
        DataCenterState state, MatrixOpened settings, CpuShare allocated, Guid decisionId, DateTimeOffset at)
    {
        var hosts = state.Machines.Values
            .Where(machine => machine.Role != MachineRole.Sandbox)
            .OrderBy(machine => machine.Machine, StringComparer.Ordinal)
            .ToList();
        var seed = DeterministicId.Seed(decisionId);
        var vms = state.Vms.Values
            .Where(vm => hosts.Any(machine => machine.Machine == vm.Machine))
            .OrderBy(vm => vm.Vm, StringComparer.Ordinal)
            .ToList();
        var targets = vms
            .Select(vm => new Vm(
                vm.Vm,
                vm.Service,
                vm.Tier,
                vm.Service == settings.Service && vm.Tier == settings.Tier ? allocated : vm.Cpu,
                vm.Memory,
                vm.Machine,
                vm.Pinned))
            .ToImmutableArray();
        var problem = new PackingProblem(
            [.. hosts.Select(machine => new Machine(machine.Machine, machine.Cpu, machine.Memory))],
            targets,
            new PackingRules(TiersApart: true, SameTierOfServiceApart: true),
            seed);
        var result = SimulatedAnnealing.Solve(problem);
        var before = vms.Select(vm => vm.Machine).Distinct().Count();
        var plan = result.Feasible
            ? MigrationPlan.Order(problem, vms.ToDictionary(vm => vm.Vm, vm => vm.Cpu), result.Assignment)
            : new MigrationPlan([], result.WhyInfeasible);
        if (plan.Problem is not null)
        {
            return new PlacementDecided(
                decisionId,
                seed,
                false,
                plan.Problem,
                vms.ToDictionary(vm => vm.Vm, vm => vm.Machine),
                before,
                before,
                result.LowerBound,
                0,
                [],
                at);
        }

        return new PlacementDecided(
            decisionId,
            seed,
            true,
            null,
            result.Assignment,
            before,
            result.MachinesUsed,
            result.LowerBound,
            result.Migrations,
            plan.Steps,
            at);
    }

    /// <summary>What follows, for the two streams that change together.</summary>
    /// <param name="DataCenter">Events for the data centre's stream.</param>
    /// <param name="Matrix">Events for the matrix' stream.</param>
    public sealed record Decision(IReadOnlyList<IDomainEvent> DataCenter, IReadOnlyList<IDomainEvent> Matrix)
    {
        /// <summary>Nothing follows.</summary>
        public static Decision Nothing { get; } = new([], []);
    }
}
