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
        IReadOnlyList<MatrixCell> Cells, AllocationAnswer Answer, Allocation Least, Allocation Wanted) : AllocationChoice
    {
        /// <summary>Whether a server that has less gets more; otherwise it keeps what it has.</summary>
        public bool Raises { get; init; } = true;
    }

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
        var cells = CellCost.Order(CellsOf(matrix, service), largest, policy.Weights);
        if (Contradiction.Find(cells, settings.Agreement, policy.ContradictionErrors) is { } contradiction)
            return new NotDecided(WhyNotDecided.Contradictory, contradiction);
        var servers = ServersOf(state.Inventory.Present, settings);
        if (servers.IsEmpty)
            return new NotDecided(WhyNotDecided.NoServer, $"no server of tier {settings.Tier} runs in data centre {settings.DataCenter}");
        var most = Most(state.Inventory.Present, settings);
        // What a validation has found wrong after slack was released is mended like a violation.
        if (settings.Goal == ExplorationGoal.ReleaseSlack && matrix.Checked.IsEmpty)
            return Release(cells, largest, settings, most, servers);
        var answer = MinimumAllocation.Find(cells, largest, settings.Agreement, settings.Slack);
        // More of a resource cures no errors that the clone has with the largest allocation too.
        if (!answer.Attainable && settings.Agreement.Metric == MetricNames.Availability)
            return new NotDecided(WhyNotDecided.CauseOutside, $"the cause is no lack of resources: {answer.Reason}");
        return Keep(cells, answer, most, servers);
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

        if (settings.Goal == ExplorationGoal.ReleaseSlack && matrix.Checked.IsEmpty && !service.Violations.IsEmpty)
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

    private static IEnumerable<MatrixCell> CellsOf(MatrixState matrix, ServiceState service)
    {
        var metric = matrix.Settings.Agreement.Metric;
        var measured = matrix.Measured.Values.Select(result => (result.Cell, result.Sandbox.Metrics, Interpolated: false));
        var interpolated = matrix.Interpolated.Values
            .Where(value => !matrix.Measured.ContainsKey(value.Cell))
            .Select(value => (value.Cell, value.Metrics, Interpolated: true));
        var all = measured.Concat(interpolated).Where(entry => entry.Metrics[metric] is not null).ToList();
        var others = (service.Registered?.Level.OthersThan(metric) ?? [])
            // What no allocation keeps is no matter of allocations; but nothing is taken away as long as it is broken.
            .Where(other => matrix.Settings.Goal == ExplorationGoal.ReleaseSlack || all.Exists(entry => Keeps(other, entry.Metrics)))
            .ToList();
        return all.Select(entry => new MatrixCell(
            entry.Cell,
            matrix.AllocationOf(entry.Cell),
            entry.Metrics[metric]!.Value.Value,
            entry.Metrics[metric]!.Value.StandardError,
            entry.Interpolated,
            others.Find(other => Breaks(other, entry.Metrics))?.ToString()));
    }

    private static bool Keeps(Agreement agreement, Measurement metrics) =>
        metrics[agreement.Metric] is { } value && agreement.IsKeptBy(value.Value);

    private static bool Breaks(Agreement agreement, Measurement metrics) =>
        metrics[agreement.Metric] is { } value && !agreement.IsKeptBy(value.Value);

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

    /// <summary>
    /// A violation never lowers an allocation: of no resource does a server get less than it has, and none of which it has as much as it
    /// wants is limited now (<see cref="Packer"/>).
    /// </summary>
    private static AllocationChoice Keep(
        IReadOnlyList<MatrixCell> cells, AllocationAnswer answer, Allocation most, ImmutableList<VmPlaced> servers)
    {
        var limited = answer.Minimum.Resources.Where(resource => servers.Exists(vm => vm.Allocation[resource] is not null)).ToList();
        if (limited.Count == 0)
        {
            return new NotDecided(
                WhyNotDecided.NothingToGain,
                $"{answer.Reason}; the servers have {string.Join(" and ", answer.Minimum.Resources)} without limit");
        }

        var floor = servers.Aggregate(answer.Minimum.AtMost(most).Only(limited), (least, vm) => least.AtLeast(vm.Allocation));
        return new Decided(cells, answer, floor, answer.WithSlack.AtMost(most).Only(limited).AtLeast(floor));
    }

    /// <summary>Slack never raises one: only what is within the servers' allocation is chosen from.</summary>
    private static AllocationChoice Release(
        IReadOnlyList<MatrixCell> cells, Allocation largest, MatrixOpened settings, Allocation most, ImmutableList<VmPlaced> servers)
    {
        var present = Present(largest.Resources, servers);
        var within = cells.Where(cell => cell.Allocation.IsWithin(present)).ToList();
        if (within.Count == 0)
            return new NotDecided(WhyNotDecided.NothingToGain, $"no allocation that was tried is within {present}, which the servers have");
        var answer = MinimumAllocation.Find(within, largest, settings.Agreement, settings.Slack);
        if (!answer.Attainable)
            return new NotDecided(WhyNotDecided.NothingToGain, answer.Reason);
        var wanted = answer.WithSlack.AtMost(most).AtMost(present);
        return wanted.Equals(present)
            ? new NotDecided(WhyNotDecided.NothingToGain, $"{answer.Reason}; the servers have {present}")
            : new Decided(cells, answer, answer.Minimum.AtMost(most), wanted) { Raises = false };
    }

    /// <summary>The most that any server has of each resource that all of them have a limit of.</summary>
    private static Allocation Present(IEnumerable<string> resources, ImmutableList<VmPlaced> servers) => new(resources
        .Where(resource => servers.TrueForAll(vm => vm.Allocation[resource] is not null))
        .Select(resource => KeyValuePair.Create(resource, servers.Max(vm => vm.Allocation[resource]!.Value))));
}
