using JustRunIt.Events.Placement.Packing;

namespace JustRunIt.Events.Placement.Bounds;

/// <summary>
/// The fewest machines that any assignment can use: for each resource, how many of the largest machines it takes to hold
/// the sum; at least as many as one tier of one service has virtual machines that must be apart; summed over tiers when
/// tiers are kept apart.
/// </summary>
public static class LowerBound
{
    /// <summary>The bound; zero without virtual machines.</summary>
    public static int Of(PackingProblem problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        return problem.Rules.TiersApart
            ? problem.Vms.GroupBy(vm => vm.Tier).Sum(tier => Of(problem, [.. tier]))
            : Of(problem, [.. problem.Vms]);
    }

    private static int Of(PackingProblem problem, IReadOnlyList<Vm> vms)
    {
        if (vms.Count == 0)
            return 0;
        var resources = problem.Resources;
        var needs = vms.Select(vm => PackingProblem.NeedsOf(vm, resources)).ToList();
        var capacities = problem.Machines.Select(machine => PackingProblem.CapacityOf(machine, resources)).ToList();
        var bySum = Enumerable.Range(0, resources.Length)
            .Select(i => Needed(needs.Sum(amounts => amounts[i]), capacities.Select(amounts => amounts[i])))
            .DefaultIfEmpty(1)
            .Max();
        var apart = problem.Rules.SameTierOfServiceApart ? vms.GroupBy(vm => (vm.Service, vm.Tier)).Max(group => group.Count()) : 1;
        return Math.Max(bySum, apart);
    }

    private static int Needed(double sum, IEnumerable<double> capacities)
    {
        var needed = 0;
        foreach (var capacity in capacities.OrderDescending())
        {
            needed++;
            sum -= capacity;
            if (sum <= capacity * 1e-9)
                break;
        }

        return needed;
    }
}
