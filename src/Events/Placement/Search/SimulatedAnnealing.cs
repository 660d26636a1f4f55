using System.Collections.Immutable;
using JustRunIt.Events.Placement.Bounds;
using JustRunIt.Events.Placement.Packing;

namespace JustRunIt.Events.Placement.Search;

/// <summary>
/// Bin packing by simulated annealing (§3.1): from the better of two starts, today's assignment and best fit decreasing,
/// moving or swapping virtual machines, with the best assignment ever seen as the answer. Fewest machines first, then
/// fewest migrations, then whichever the seed leads to first.
/// </summary>
public static class SimulatedAnnealing
{
    /// <summary>Solves the problem.</summary>
    public static PackingResult Solve(PackingProblem problem, AnnealingSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(schedule);
        var cost = new PackingCost(problem);
        var random = new SplitMix64(problem.Seed);
        var state = new[] { cost.Current.ToArray(), BestFitDecreasing(problem, cost) }.MinBy(start => Rank(cost.Of(start)))!;
        var energy = Energy(cost.Of(state));
        var best = (int[])state.Clone();
        var bestRank = Rank(cost.Of(state));
        var movable = Enumerable.Range(0, problem.Vms.Length).Where(i => !problem.Vms[i].Pinned).ToArray();
        var iterations = movable.Length == 0 || problem.Machines.Length < 2
            ? 0
            : schedule.Iterations + (schedule.IterationsPerVm * movable.Length);
        var cooling = Math.Pow(schedule.LastTemperature / schedule.FirstTemperature, 1.0 / Math.Max(1, iterations));
        var temperature = schedule.FirstTemperature;
        for (var i = 0; i < iterations; i++, temperature *= cooling)
        {
            var first = movable[random.Next(movable.Length)];
            var second = movable[random.Next(movable.Length)];
            var (firstBefore, secondBefore) = (state[first], state[second]);
            if (random.Next(3) == 0)
                (state[first], state[second]) = (secondBefore, firstBefore);
            else
                state[first] = random.Next(problem.Machines.Length);
            var costs = cost.Of(state);
            var changed = Energy(costs);
            if (changed <= energy || random.NextDouble() < Math.Exp((energy - changed) / temperature))
            {
                energy = changed;
                if (Rank(costs) is var rank && rank < bestRank)
                {
                    bestRank = rank;
                    state.CopyTo(best, 0);
                }
            }
            else
            {
                (state[first], state[second]) = (firstBefore, secondBefore);
            }
        }

        return Result(problem, cost, best);
    }

    /// <summary>Ordered as the goals are: a broken rule weighs more than all machines, a machine more than all migrations.</summary>
    private static double Rank((double Violation, int Machines, int Migrations, double Unevenness) cost) =>
        (cost.Violation > 0 ? 1e6 + (cost.Violation * 1e5) : 0) + (cost.Machines * 1e3) + cost.Migrations + (cost.Unevenness * 1e-3);

    /// <summary>
    /// What is annealed: as the rank, but a broken rule costs no more than a few machines, so that the search may pass through
    /// assignments that cannot be used. Otherwise those that can are islands, and the start's is never left.
    /// </summary>
    private static double Energy((double Violation, int Machines, int Migrations, double Unevenness) cost) =>
        (cost.Violation > 0 ? 2e3 + (cost.Violation * 5e3) : 0) + (cost.Machines * 1e3) + cost.Migrations + (cost.Unevenness * 1e-3);

    private static int[] BestFitDecreasing(PackingProblem problem, PackingCost cost)
    {
        var assignment = Enumerable.Repeat(-1, problem.Vms.Length).ToArray();
        var load = cost.Capacity.Select(capacity => new double[capacity.Length]).ToArray();

        void Put(int vm, int machine)
        {
            assignment[vm] = machine;
            Load.Add(load[machine], cost.Needs[vm]);
        }

        bool HasRoom(int vm, int machine)
        {
            var sum = load[machine].ToArray();
            Load.Add(sum, cost.Needs[vm]);
            return Load.Fits(sum, cost.Capacity[machine]);
        }

        double First(double[] amounts) => amounts.Length > 0 ? amounts[0] : 0;

        for (var vm = 0; vm < assignment.Length; vm++)
        {
            if (problem.Vms[vm].Pinned)
                Put(vm, cost.Current[vm]);
        }

        var rest = Enumerable.Range(0, assignment.Length).Where(i => assignment[i] < 0).OrderByDescending(i => First(cost.Needs[i]));
        foreach (var vm in rest.ToList())
        {
            var fitting = Enumerable.Range(0, load.Length)
                .Where(machine => HasRoom(vm, machine))
                .Where(machine => !Enumerable.Range(0, assignment.Length).Any(
                    other => assignment[other] == machine && cost.Conflict(vm, other)))
                .ToList();
            var used = fitting.Where(machine => assignment.Contains(machine)).ToList();
            var choice = used.Count > 0 ? used : fitting;
            Put(vm, choice.Count > 0 ? choice.MinBy(machine => First(cost.Capacity[machine]) - First(load[machine])) : cost.Current[vm]);
        }

        return assignment;
    }

    private static PackingResult Result(PackingProblem problem, PackingCost cost, int[] best)
    {
        var (violation, machines, migrations, _) = cost.Of(best);
        return new PackingResult(
            violation == 0,
            violation == 0 ? null : Explain(problem, cost, best),
            problem.Vms.Select((vm, i) => KeyValuePair.Create(vm.Name, problem.Machines[best[i]].Name))
                .ToImmutableSortedDictionary(StringComparer.Ordinal),
            machines,
            migrations,
            LowerBound.Of(problem));
    }

    private static string Explain(PackingProblem problem, PackingCost cost, int[] best)
    {
        var over = new List<string>();
        for (var machine = 0; machine < problem.Machines.Length; machine++)
        {
            var here = Enumerable.Range(0, best.Length).Where(vm => best[vm] == machine).ToList();
            var sum = new double[cost.Capacity[machine].Length];
            foreach (var vm in here)
                Load.Add(sum, cost.Needs[vm]);
            if (!Load.Fits(sum, cost.Capacity[machine]))
            {
                var names = here.Select(vm => $"{problem.Vms[vm].Name} ({problem.Vms[vm].Needs})");
                over.Add($"{problem.Machines[machine].Name} would have to hold {string.Join(", ", names)}");
            }
        }

        return over.Count > 0
            ? $"{problem.Machines.Length} machines do not suffice: {string.Join("; ", over)}"
            : $"{problem.Machines.Length} machines do not suffice to keep apart what may not share one";
    }
}
