using CsCheck;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>What no matrix may lead to, whatever was measured, and whatever the servers have.</summary>
public sealed class DecisionPropertyTests
{
    private const double Tolerance = 1e-9;
    private static readonly PlacementDecider Decider = new();
    private static readonly Gen<int> Seeds = Gen.Int[0, 1_000_000];

    [Fact]
    public void A_violation_never_lowers_an_allocation_in_any_dimension_and_limits_nothing_that_has_no_limit()
    {
        var decisions = 0;
        Seeds.Sample(
            seed =>
            {
                var streams = Scene(new Random(seed), ExplorationGoal.KeepAgreement);
                var before = Given.Events<Inventory>(streams[DataCenterStream]).Vms;
                var events = streams.When(Filled, Decider).Of(DataCenterStream);
                foreach (var decided in events.OfType<AllocationDecided>())
                {
                    Interlocked.Increment(ref decisions);
                    foreach (var (vm, resource) in before.Values.Where(vm => vm.Service == "shop")
                        .SelectMany(vm => decided.Allocated.Resources.Select(resource => (vm, resource))))
                    {
                        Assert.True(
                            !(decided.Allocated[resource] < vm.Allocation[resource] - Tolerance),
                            $"seed {seed}: {decided.Allocated} where {vm.Vm} has {vm.Allocation}");
                    }
                }

                foreach (var (vm, resource, amount) in Steps(events))
                {
                    var has = before[vm].Allocation[resource];
                    Assert.True(
                        before[vm].Service == "shop" && amount >= has - Tolerance,
                        $"seed {seed}: {vm} gets {resource} {amount} and has {(has is null ? "no limit" : has)}");
                }
            },
            iter: 200);
        Assert.True(decisions > 10, $"{decisions} were decided");
    }

    [Fact]
    public void Slack_never_raises_an_allocation_in_any_dimension_nor_sets_one_that_was_not_set()
    {
        var steps = 0;
        Seeds.Sample(
            seed =>
            {
                var streams = Scene(new Random(seed), ExplorationGoal.ReleaseSlack);
                var before = Given.Events<Inventory>(streams[DataCenterStream]).Vms;
                foreach (var (vm, resource, amount) in Steps(streams.When(Filled, Decider).Of(DataCenterStream)))
                {
                    Interlocked.Increment(ref steps);
                    var has = before[vm].Allocation[resource];
                    Assert.True(
                        before[vm].Service == "shop" && amount <= has + Tolerance,
                        $"seed {seed}: {vm} gets {resource} {amount} and has {(has is null ? "no limit" : has)}");
                }
            },
            iter: 200);
        Assert.True(steps > 5, $"{steps} steps were decided");
    }

    [Fact]
    public void A_matrix_that_has_blanks_or_contradicts_itself_decides_nothing_and_another_one_something() => Seeds.Sample(
        seed =>
        {
            var random = new Random(seed);
            var cells = Enumerable.Range(0, 5)
                .Select(_ => random.Next(6) == 0 ? ((double Mean, double Error)?)null : (random.Next(20, 200), random.Next(0, 20)))
                .ToList();
            var contradicts = Enumerable.Range(0, 5).Any(larger => Enumerable.Range(0, larger).Any(smaller =>
                cells[smaller]?.Mean <= 100 && cells[larger] is var (mean, error) && mean - (2 * error) > 100));
            WhyNotDecided? expected = cells.Contains(null) ? WhyNotDecided.Incomplete
                : contradicts ? WhyNotDecided.Contradictory
                : null;
            var measured = cells.Select((cell, index) => (cell, index)).Where(entry => entry.cell is not null).Select(entry =>
                Completed(entry.index, entry.cell!.Value.Mean) with { Sandbox = Side(entry.cell.Value.Mean, entry.cell.Value.Error) });
            var streams = new InMemoryStreams()
                .Given(MatrixStream, [Opened, .. measured, Ended()])
                .Given(DataCenterStream, Machine("app-1"), Vm("shop-app", "app-1", 0.5));
            var first = streams.When(Filled, Decider).Of(DataCenterStream)[0];
            Assert.True((first as AllocationNotDecided)?.Reason == expected, $"seed {seed}: {first}");
        },
        iter: 200);

    private static IEnumerable<(string Vm, string Resource, double Amount)> Steps(IEnumerable<IDomainEvent> events) =>
        events.OfType<PlacementDecided>().SelectMany(placement => placement.Steps)
            .SelectMany(step => (step.Allocation ?? Allocation.None).Amounts.Select(amount => (step.Vm, amount.Key, amount.Value)));

    /// <summary>A measured matrix of one to three dimensions, and up to three servers, each of which may have no limit of some.</summary>
    private static InMemoryStreams Scene(Random random, ExplorationGoal goal)
    {
        var all = new[]
        {
            new Dimension(ResourceNames.Cpu, 0.2, 1, random.Next(2, 4)),
            new Dimension(ResourceNames.Memory, 128, 1024, random.Next(2, 4)),
            new Dimension(ResourceNames.Frequency, 1000, 3000, 2),
        };
        var chosen = random.Next(1, 8);
        Dimension[] dimensions = [.. all.Where((_, i) => (chosen >> i & 1) == 1)];
        // More of anything is better, but for some noise.
        var measured = new MatrixShape([.. dimensions]).Cells.Select(cell => Completed(0, 0) with
        {
            Cell = cell,
            Sandbox = Side(Math.Max(1, 190 - (60 * Enumerable.Range(0, cell.Dimensions).Sum(i => cell[i])) + random.Next(30)), error: 10),
        });
        var streams = new InMemoryStreams()
            .Given(MatrixStream, [
                Opened with { Dimensions = dimensions, Goal = goal, Slack = random.NextDouble() / 2 }, .. measured, Ended(),
            ])
            .Given(ServiceStream, Registered());
        if (goal == ExplorationGoal.KeepAgreement)
            streams.Given(ServiceStream, Violated());
        var servers = random.Next(1, 4);
        for (var i = 1; i <= servers; i++)
        {
            streams.Given(
                DataCenterStream,
                Machine($"app-{i}") with { Capacity = Have(random.Next(1, 5), random.Next(1024, 4096)) },
                Vm($"shop-app-{i}", $"app-{i}", 0) with { Allocation = Some(random) },
                Vm($"b-app-{i}", $"app-{i}", random.Next(1, 5) / 10.0, $"b-{i}"));
        }

        return streams;
    }

    private static Allocation Some(Random random) => new(new[]
    {
        KeyValuePair.Create(ResourceNames.Cpu, random.Next(1, 10) / 10.0),
        KeyValuePair.Create(ResourceNames.Memory, (double)random.Next(64, 1024)),
        KeyValuePair.Create(ResourceNames.Frequency, (double)random.Next(800, 3200)),
    }.Where(_ => random.Next(4) > 0));
}
