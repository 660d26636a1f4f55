namespace JustRunIt.Events.Placement.Packing;

/// <summary>What an assignment costs: broken rules and overload first, then machines, then migrations (§3.1).</summary>
internal sealed class PackingCost
{
    private const double Tolerance = 1e-9;
    private readonly PackingProblem problem;
    private readonly int[] current;
    private readonly int[] tier;
    private readonly int[] group;
    private readonly double[] cpu;
    private readonly double[] memory;
    private readonly double[] machineCpu;
    private readonly double[] machineMemory;
    private readonly int[] count;

    public PackingCost(PackingProblem problem)
    {
        this.problem = problem;
        var machineIndex = problem.Machines.Select((machine, i) => (machine.Name, i)).ToDictionary(entry => entry.Name, entry => entry.i);
        current = [.. problem.Vms.Select(vm => machineIndex[vm.CurrentMachine])];
        tier = Number(problem.Vms.Select(vm => vm.Tier));
        group = Number(problem.Vms.Select(vm => $"{vm.Service}\n{vm.Tier}"));
        cpu = new double[problem.Machines.Length];
        memory = new double[problem.Machines.Length];
        machineCpu = [.. problem.Machines.Select(machine => machine.Cpu.Cores)];
        machineMemory = [.. problem.Machines.Select(machine => (double)machine.Memory.Bytes)];
        count = new int[problem.Machines.Length];
    }

    /// <summary>Machine index of every virtual machine today.</summary>
    public IReadOnlyList<int> Current => current;

    /// <summary>The cost of an assignment.</summary>
    public (double Violation, int Machines, int Migrations, double Unevenness) Of(int[] assignment)
    {
        Array.Clear(cpu);
        Array.Clear(memory);
        Array.Clear(count);
        var migrations = 0;
        var violation = 0.0;
        for (var i = 0; i < assignment.Length; i++)
        {
            var machine = assignment[i];
            cpu[machine] += problem.Vms[i].Cpu.Cores;
            memory[machine] += problem.Vms[i].Memory.Bytes;
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
            violation += Excess(cpu[machine], machineCpu[machine]) + Excess(memory[machine], machineMemory[machine]);
            var fill = cpu[machine] / machineCpu[machine];
            evenness += fill * fill;
        }

        return (violation, machines, migrations, -evenness);
    }

    /// <summary>Whether two virtual machines may not share a machine.</summary>
    public bool Conflict(int i, int j) =>
        (problem.Rules.TiersApart && tier[i] != tier[j]) || (problem.Rules.SameTierOfServiceApart && group[i] == group[j]);

    private static double Excess(double load, double capacity) =>
        load <= capacity * (1 + Tolerance) ? 0 : capacity > 0 ? (load / capacity) - 1 : load;

    private static int[] Number(IEnumerable<string> names)
    {
        var numbers = new Dictionary<string, int>();
        return [.. names.Select(name => numbers.TryGetValue(name, out var number) ? number : numbers[name] = numbers.Count)];
    }
}
