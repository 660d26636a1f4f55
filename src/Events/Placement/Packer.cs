using System.Collections.Immutable;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement.Packing;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Placement.Search;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Placement;

/// <summary>Packs all servers onto the fewest machines, with as much slack for the tier as the machines can give.</summary>
internal static class Packer
{
    // Where the machines cannot give all of the slack, they give as many quarters of it as they can.
    private const int SlackParts = 4;

    /// <summary>What the tier's servers get, and where everybody runs.</summary>
    public static (Allocation Allocated, PlacementDecided Placement) Pack(
        Inventory inventory, MatrixOpened settings, AllocationChoice.Decided choice, PlacingPolicy policy, Guid decisionId,
        DateTimeOffset at)
    {
        (Allocation Allocated, PlacementDecided Placement)? first = null;
        for (var part = SlackParts; part >= 0; part--)
        {
            var allocated = Between(choice.Least, choice.Wanted, (double)part / SlackParts);
            var placement = Pack(inventory, settings, allocated, choice.Raises, policy, decisionId, at);
            if (placement.Feasible)
                return (allocated, placement);
            first ??= (allocated, placement);
            if (choice.Least.Equals(choice.Wanted))
                break;
        }

        return first!.Value;
    }

    private static Allocation Between(Allocation least, Allocation wanted, double part) => part >= 1
        ? wanted
        : new(wanted.Amounts.Select(pair => KeyValuePair.Create(
            pair.Key, Math.Round((least[pair.Key] ?? pair.Value) + (part * (pair.Value - (least[pair.Key] ?? pair.Value))), 12))));

    private static PlacementDecided Pack(
        Inventory inventory,
        MatrixOpened settings,
        Allocation allocated,
        bool raises,
        PlacingPolicy policy,
        Guid decisionId,
        DateTimeOffset at)
    {
        var hosts = inventory.Machines.Values.Where(machine => machine.Role != MachineRole.Sandbox).ToList();
        var vms = inventory.Vms.Values.Where(vm => hosts.Exists(machine => machine.Machine == vm.Machine)).ToList();
        var seed = DeterministicId.Seed(decisionId);
        var problem = new PackingProblem(
            [.. hosts.Select(machine => new Machine(machine.Machine, machine.Capacity))],
            [
                .. vms.Select(vm => new Vm(
                    vm.Vm,
                    vm.Service,
                    vm.Tier,
                    vm.Service == settings.Service && vm.Tier == settings.Tier ? Given(vm.Allocation) : vm.Allocation,
                    vm.Machine,
                    vm.Pinned)),
            ],
            new PackingRules(policy.TiersApart, policy.SameTierOfServiceApart),
            seed);
        var schedule = new AnnealingSchedule(
            policy.AnnealingIterations, policy.AnnealingIterationsPerVm, policy.FirstTemperature, policy.LastTemperature);
        var result = SimulatedAnnealing.Solve(problem, schedule);
        var before = vms.Select(vm => vm.Machine).Distinct().Count();
        var plan = result.Feasible
            ? MigrationPlan.Order(problem, vms.ToDictionary(vm => vm.Vm, vm => vm.Allocation), result.Assignment)
            : new MigrationPlan([], result.WhyInfeasible);
        return plan.Problem is not null
            ? new PlacementDecided(
                decisionId,
                seed,
                false,
                plan.Problem,
                vms.ToImmutableSortedDictionary(vm => vm.Vm, vm => vm.Machine, StringComparer.Ordinal),
                before,
                before,
                result.LowerBound,
                0,
                [],
                at)
            : new PlacementDecided(
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

        // What a server has without limit stays so.
        Allocation Given(Allocation has) => (raises ? allocated : allocated.AtMost(has)).Only(has.Resources).Over(has);
    }
}
