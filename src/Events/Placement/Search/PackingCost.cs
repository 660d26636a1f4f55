using JustRunIt.Events.Placement.Packing;

namespace JustRunIt.Events.Placement.Search;

/// <summary>What an assignment costs: broken rules and overload first, then machines, then migrations (§3.1).</summary>
internal sealed class PackingCost
{
    private readonly PackingProblem problem;
    private readonly int[] current;
    private readonly int[] tier;
    private readonly int[] group;
    private readonly double[][] needs;
    private readonly double[][] capacity;
    private readonly double[][] load;
    private readonly int[] count;

    public PackingCost(PackingProblem problem)
    {
        this.problem = problem;
        var resources = problem.Resources;
        var machineIndex = problem.Machines.Select((machine, i) => (machine.Name, i)).ToDictionary(entry => entry.Name, entry => entry.i);
        current = [.. problem.Vms.Select(vm => machineIndex[vm.CurrentMachine])];
        tier = Number(problem.Vms.Select(vm => vm.Tier));
        group = Number(problem.Vms.Select(vm => $"{vm.Service}\n{vm.Tier}"));
        needs = [.. problem.Vms.Select(vm => PackingProblem.NeedsOf(vm, resources))];
        capacity = [.. problem.Machines.Select(machine => PackingProblem.CapacityOf(machine, resources))];
        load = [.. problem.Machines.Select(_ => new double[resources.Length])];
        count = new int[problem.Machines.Length];
    }

    /// <summary>Machine index of every virtual machine today.</summary>
    public IReadOnlyList<int> Current => current;

    /// <summary>What every virtual machine needs, by resource.</summary>
    public IReadOnlyList<double[]> Needs => needs;

    /// <summary>What every machine has, by resource.</summary>
    public IReadOnlyList<double[]> Capacity => capacity;

    /// <summary>The cost of an assignment.</summary>
    public (double Violation, int Machines, int Migrations, double Unevenness) Of(int[] assignment)
    {
        foreach (var sums in load)
            Array.Clear(sums);
        Array.Clear(count);
        var migrations = 0;
        var violation = 0.0;
        for (var i = 0; i < assignment.Length; i++)
        {
            var machine = assignment[i];
            Load.Add(load[machine], needs[i]);
            count[machine]++;
            if (machine != current[i])
                migrations++;
            for (var j = 0; j < i; j++)
            {
                if (assignment[j] == machine && Conflict(i, j))
                    violation += 1;
            }
        }

        var machines = 0;
        var evenness = 0.0;
        for (var machine = 0; machine < count.Length; machine++)
        {
            if (count[machine] == 0)
                continue;
            machines++;
            for (var resource = 0; resource < load[machine].Length; resource++)
                violation += Excess(load[machine][resource], capacity[machine][resource]);
            if (load[machine].Length > 0 && capacity[machine][0] > 0 && load[machine][0] / capacity[machine][0] is var fill)
                evenness += fill * fill;
        }

        return (violation, machines, migrations, -evenness);
    }

    /// <summary>Whether two virtual machines may not share a machine.</summary>
    public bool Conflict(int i, int j) =>
        (problem.Rules.TiersApart && tier[i] != tier[j]) || (problem.Rules.SameTierOfServiceApart && group[i] == group[j]);

    private static double Excess(double load, double capacity) =>
        Load.Fits(load, capacity) ? 0 : capacity > 0 ? (load / capacity) - 1 : load;

    private static int[] Number(IEnumerable<string> names)
    {
        var numbers = new Dictionary<string, int>();
        return [.. names.Select(name => numbers.TryGetValue(name, out var number) ? number : numbers[name] = numbers.Count)];
    }
}
