using System.Collections.Immutable;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement.Goals;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Placement;

/// <summary>What a matrix says about the allocation of its tier: one to give, or why it says nothing.</summary>
internal abstract record AllocationChoice
{
    /// <summary>An allocation to give.</summary>
    /// <param name="Cells">What was read, from the cheapest.</param>
    /// <param name="Answer">The minimum.</param>
    /// <param name="Least">What is given at least: no slack, but not less than the servers have after a violation.</param>
    /// <param name="Wanted">What is given if the machines can: with slack.</param>
    public sealed record Decided(
        IReadOnlyList<MatrixCell> Cells, AllocationAnswer Answer, Allocation Least, Allocation Wanted) : AllocationChoice;

    /// <summary>Nothing, and why.</summary>
    /// <param name="Reason">Of the closed list.</param>
    /// <param name="Detail">One sentence with value and bound.</param>
    public sealed record NotDecided(WhyNotDecided Reason, string Detail) : AllocationChoice;

    /// <summary>Judges a matrix.</summary>
    public static AllocationChoice Of(
        PlacementState state, ServiceState service, MatrixState matrix, PlacingPolicy policy, DateTimeOffset now)
    {
        var settings = matrix.Settings;
        if (Problem(state, service, matrix, policy, now) is { } problem)
            return problem;
        var largest = new Allocation(settings.Dimensions.Select(dimension => KeyValuePair.Create(dimension.Resource, dimension.Maximum)));
        var cells = CellCost.Order(CellsOf(matrix), largest, policy.Weights);
        if (Contradiction.Find(cells, settings.Agreement, policy.ContradictionErrors) is { } contradiction)
            return new NotDecided(WhyNotDecided.Contradictory, contradiction);
        var servers = ServersOf(state.Inventory.Present, settings);
        if (servers.IsEmpty)
            return new NotDecided(WhyNotDecided.NoServer, $"no server of tier {settings.Tier} runs in data centre {settings.DataCenter}");
        var answer = MinimumAllocation.Find(cells, largest, settings.Agreement, settings.Slack);
        // More of a resource cures no errors that the clone has with the largest allocation too.
        if (!answer.Attainable && settings.Agreement.Metric == MetricNames.Availability)
            return new NotDecided(WhyNotDecided.CauseOutside, $"the cause is no lack of resources: {answer.Reason}");
        var most = Most(state.Inventory.Present, settings);
        return settings.Goal == ExplorationGoal.KeepAgreement
            ? Keep(cells, answer, most, servers)
            : Release(cells, answer, most, servers);
    }

    private static NotDecided? Problem(
        PlacementState state, ServiceState service, MatrixState matrix, PlacingPolicy policy, DateTimeOffset now)
    {
        var settings = matrix.Settings;
        if (service.IsWithdrawn)
            return new NotDecided(WhyNotDecided.Withdrawn, $"service {settings.Service} is under management no longer");
        if (matrix.Outside is { } outside)
            return new NotDecided(WhyNotDecided.CauseOutside, outside.Reason);
        if (state.NewestOf(settings.Service, settings.Tier) is { } newest && newest > settings.At)
        {
            return new NotDecided(
                WhyNotDecided.Superseded, $"opened at {settings.At:O}; a matrix of the tier that was opened at {newest:O} was judged "
                    + "already");
        }

        if (matrix.EndedAt is { } ended && now - ended > policy.MatrixValidFor)
        {
            return new NotDecided(
                WhyNotDecided.TooOld,
                $"its experiments ended {(now - ended).TotalMinutes:0.#} minutes ago; at most {policy.MatrixValidFor.TotalMinutes:0.#} "
                    + "are allowed");
        }

        if (settings.Goal == ExplorationGoal.ReleaseSlack && !service.Violations.IsEmpty)
        {
            return new NotDecided(
                WhyNotDecided.Superseded, $"slack was seen, but the agreement is broken meanwhile by the word of "
                    + $"{service.Violations.Keys.First()}");
        }

        var blank = matrix.Blank.Count();
        return blank > 0
            ? new NotDecided(
                WhyNotDecided.Incomplete,
                $"{blank} of {matrix.Shape.Count} cells have no value: {matrix.Measured.Count} were measured, {matrix.Failed.Count} failed")
            : null;
    }

    private static IEnumerable<MatrixCell> CellsOf(MatrixState matrix)
    {
        var metric = matrix.Settings.Agreement.Metric;
        var measured = matrix.Measured.Values.Select(result => (result.Cell, result.Sandbox.Metrics, Interpolated: false));
        var interpolated = matrix.Interpolated.Values
            .Where(value => !matrix.Measured.ContainsKey(value.Cell))
            .Select(value => (value.Cell, value.Metrics, Interpolated: true));
        return measured.Concat(interpolated)
            .Where(entry => entry.Metrics[metric] is not null)
            .Select(entry => new MatrixCell(
                entry.Cell,
                matrix.AllocationOf(entry.Cell),
                entry.Metrics[metric]!.Value.Value,
                entry.Metrics[metric]!.Value.StandardError,
                entry.Interpolated));
    }

    private static ImmutableList<VmPlaced> ServersOf(Inventory inventory, MatrixOpened settings) =>
        [.. inventory.Vms.Values.Where(vm => vm.Service == settings.Service && vm.Tier == settings.Tier)];

    /// <summary>
    /// What any server can have of each explored resource: the largest machine's, or the largest tried of what no machine lists.
    /// </summary>
    private static Allocation Most(Inventory inventory, MatrixOpened settings)
    {
        var hosts = inventory.Machines.Values.Where(machine => machine.Role != MachineRole.Sandbox).ToList();
        return new Allocation(settings.Dimensions.Select(dimension => KeyValuePair.Create(
            dimension.Resource,
            hosts.Max(machine => machine.Capacity[dimension.Resource]) ?? dimension.Maximum)));
    }

    /// <summary>A violation never lowers an allocation.</summary>
    private static AllocationChoice Keep(
        IReadOnlyList<MatrixCell> cells, AllocationAnswer answer, Allocation most, ImmutableList<VmPlaced> servers)
    {
        var floor = servers.Aggregate(Capped(answer.Minimum, most), (least, vm) => least.AtLeast(vm.Allocation));
        return new Decided(cells, answer, floor, Capped(answer.WithSlack, most).AtLeast(floor));
    }

    /// <summary>Slack never raises one.</summary>
    private static AllocationChoice Release(
        IReadOnlyList<MatrixCell> cells, AllocationAnswer answer, Allocation most, ImmutableList<VmPlaced> servers)
    {
        if (!answer.Attainable)
            return new NotDecided(WhyNotDecided.NothingToGain, answer.Reason);
        var present = servers.Aggregate(Zero(answer.Minimum), (largest, vm) => largest.AtLeast(vm.Allocation));
        var wanted = Capped(Capped(answer.WithSlack, most), present);
        return !answer.Minimum.IsWithin(present) || wanted.Equals(present)
            ? new NotDecided(WhyNotDecided.NothingToGain, $"{answer.Reason}; the servers have {present}")
            : new Decided(cells, answer, Capped(answer.Minimum, most), wanted);
    }

    private static Allocation Zero(Allocation allocation) =>
        new(allocation.Resources.Select(resource => KeyValuePair.Create(resource, 0.0)));

    private static Allocation Capped(Allocation wanted, Allocation most) =>
        new(wanted.Amounts.Select(pair => KeyValuePair.Create(pair.Key, Math.Min(pair.Value, most[pair.Key] ?? pair.Value))));
}
