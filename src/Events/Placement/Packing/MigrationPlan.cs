using System.Collections.Immutable;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement.Packing;

/// <summary>
/// The steps from today's placement and allocations to the wanted ones, in an order in which no machine is over its
/// capacity on the way: allocations shrink first, then whatever fits is done, and where virtual machines wait for each
/// other's room, one goes by way of a third machine.
/// </summary>
/// <param name="Steps">The steps; empty when nothing changes or <paramref name="Problem"/> is set.</param>
/// <param name="Problem">Why there is no such order; null when there is one.</param>
public sealed record MigrationPlan(ImmutableList<PlacementStep> Steps, string? Problem)
{
    private const double Tolerance = 1e-9;

    /// <summary>Orders the steps.</summary>
    /// <param name="problem">The packing problem: wanted allocations and today's machines.</param>
    /// <param name="currentCpu">Today's allocation of every virtual machine.</param>
    /// <param name="target">Wanted machine of every virtual machine.</param>
    public static MigrationPlan Order(
        PackingProblem problem, IReadOnlyDictionary<string, CpuShare> currentCpu, IReadOnlyDictionary<string, string> target)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(currentCpu);
        ArgumentNullException.ThrowIfNull(target);
        var at = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.CurrentMachine);
        var cpu = problem.Vms.ToDictionary(vm => vm.Name, vm => currentCpu[vm.Name].Cores);
        var detoured = new HashSet<string>();
        var steps = ImmutableList.CreateBuilder<PlacementStep>();
        bool Fits(Vm vm, Machine machine, double wanted)
        {
            var others = problem.Vms.Where(other => other.Name != vm.Name && at[other.Name] == machine.Name).ToList();
            return others.Sum(other => cpu[other.Name]) + wanted <= machine.Cpu.Cores * (1 + Tolerance)
                && others.Sum(other => other.Memory.Bytes) + vm.Memory.Bytes <= machine.Memory.Bytes;
        }

        void Allocate(Vm vm)
        {
            steps.Add(new PlacementStep(vm.Name, at[vm.Name], null, vm.Cpu, null));
            cpu[vm.Name] = vm.Cpu.Cores;
        }

        void Move(Vm vm, string to)
        {
            steps.Add(new PlacementStep(vm.Name, at[vm.Name], to, null, null));
            at[vm.Name] = to;
        }

        var machines = problem.Machines.ToDictionary(machine => machine.Name);
        foreach (var vm in problem.Vms.Where(vm => vm.Cpu.Cores < cpu[vm.Name] - Tolerance))
            Allocate(vm);
        while (true)
        {
            var moving = problem.Vms.Where(vm => at[vm.Name] != target[vm.Name]).ToList();
            var growing = problem.Vms.Where(vm => vm.Cpu.Cores > cpu[vm.Name] + Tolerance && at[vm.Name] == target[vm.Name]).ToList();
            if (moving.Count == 0 && growing.Count == 0)
                return new MigrationPlan(steps.ToImmutable(), null);
            if (growing.Find(vm => Fits(vm, machines[at[vm.Name]], vm.Cpu.Cores)) is { } grows)
                Allocate(grows);
            else if (moving.Find(vm => Fits(vm, machines[target[vm.Name]], cpu[vm.Name])) is { } moves)
                Move(moves, target[moves.Name]);
            else if (Detour(problem, moving, detoured, at, Fits, cpu) is var (vm, stop) && vm is not null)
                Move(vm, stop!);
            else
                return new MigrationPlan([], $"no order of steps keeps every machine within its capacity: {string.Join(", ", moving.Concat(growing).Select(v => v.Name))} wait for each other and no machine has room in between");
        }
    }

    private static (Vm? Vm, string? Stop) Detour(
        PackingProblem problem,
        List<Vm> moving,
        HashSet<string> detoured,
        Dictionary<string, string> at,
        Func<Vm, Machine, double, bool> fits,
        Dictionary<string, double> cpu)
    {
        foreach (var vm in moving.Where(vm => !detoured.Contains(vm.Name)).OrderBy(vm => cpu[vm.Name]))
        {
            if (problem.Machines.FirstOrDefault(machine => machine.Name != at[vm.Name] && fits(vm, machine, cpu[vm.Name])) is { } stop)
            {
                detoured.Add(vm.Name);
                return (vm, stop.Name);
            }
        }

        return (null, null);
    }
}
