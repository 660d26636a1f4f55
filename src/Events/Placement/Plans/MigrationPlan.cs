using System.Collections.Immutable;
using JustRunIt.Events.Placement.Packing;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Plans;

/// <summary>
/// The steps from today's placement and allocations to the wanted ones, in an order in which no machine is over its
/// capacity on the way: allocations shrink first, then whatever fits is done, and where virtual machines wait for each
/// other's room, one goes by way of a third machine.
/// </summary>
/// <param name="Steps">The steps; empty when nothing changes or <paramref name="Problem"/> is set.</param>
/// <param name="Problem">Why there is no such order; null when there is one.</param>
public sealed record MigrationPlan(ImmutableList<PlacementStep> Steps, string? Problem)
{
    /// <summary>Orders the steps.</summary>
    /// <param name="problem">The packing problem: wanted allocations and today's machines.</param>
    /// <param name="current">Today's allocation of every virtual machine.</param>
    /// <param name="target">Wanted machine of every virtual machine.</param>
    public static MigrationPlan Order(
        PackingProblem problem, IReadOnlyDictionary<string, Allocation> current, IReadOnlyDictionary<string, string> target)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(target);
        return new Planner(problem, current, target).Plan();
    }

    private sealed class Planner(
        PackingProblem problem, IReadOnlyDictionary<string, Allocation> current, IReadOnlyDictionary<string, string> target)
    {
        private readonly ImmutableArray<string> resources = problem.Resources;
        private readonly Dictionary<string, string> at = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.CurrentMachine);
        private readonly Dictionary<string, Allocation> has = problem.Vms.ToDictionary(vm => vm.Name, vm => current[vm.Name]);
        private readonly Dictionary<string, Machine> machines = problem.Machines.ToDictionary(machine => machine.Name);
        private readonly HashSet<string> detoured = [];
        private readonly ImmutableList<PlacementStep>.Builder steps = ImmutableList.CreateBuilder<PlacementStep>();

        public MigrationPlan Plan()
        {
            foreach (var vm in problem.Vms)
            {
                if (Shrunk(vm) is var smaller && !smaller.Equals(has[vm.Name]))
                    Allocate(vm, smaller);
            }

            while (true)
            {
                var moving = problem.Vms.Where(vm => at[vm.Name] != target[vm.Name]).ToList();
                var changing = problem.Vms.Where(vm => at[vm.Name] == target[vm.Name] && Changes(vm)).ToList();
                if (moving.Count == 0 && changing.Count == 0)
                    return new MigrationPlan(steps.ToImmutable(), null);
                if (changing.Find(vm => Fits(vm, at[vm.Name], vm.Needs)) is { } grows)
                    Allocate(grows, grows.Needs);
                else if (moving.Find(vm => Fits(vm, target[vm.Name], has[vm.Name])) is { } moves)
                    Move(moves, target[moves.Name]);
                else if (Detour(moving) is (var vm, { } stop))
                    Move(vm, stop);
                else
                    return new MigrationPlan([], Stuck(moving.Concat(changing)));
            }
        }

        private static string Stuck(IEnumerable<Vm> waiting) =>
            $"no order of steps keeps every machine within its capacity: {string.Join(", ", waiting.Select(vm => vm.Name))} wait for "
            + "each other and no machine has room in between";

        private bool Changes(Vm vm) => vm.Needs.Resources.Any(resource => Differ(vm.Needs[resource]!.Value, has[vm.Name][resource]));

        private static bool Differ(double wanted, double? present) =>
            present is not { } value || Load.IsMore(wanted, value) || Load.IsMore(value, wanted);

        /// <summary>What it has, but of each shared resource no more than it is to have.</summary>
        private Allocation Shrunk(Vm vm) => resources.Aggregate(
            has[vm.Name],
            (allocation, resource) =>
                vm.Needs[resource] is { } wanted && allocation[resource] is { } present && Load.IsMore(present, wanted)
                    ? allocation.With(resource, wanted)
                    : allocation);

        private bool Fits(Vm vm, string machine, Allocation wanted)
        {
            var sum = PackingProblem.NeedsOf(vm with { Needs = wanted }, resources);
            foreach (var other in problem.Vms.Where(other => other.Name != vm.Name && at[other.Name] == machine))
                Load.Add(sum, PackingProblem.NeedsOf(other with { Needs = has[other.Name] }, resources));
            return Load.Fits(sum, PackingProblem.CapacityOf(machines[machine], resources));
        }

        /// <summary>Sets what differs; the step names only that.</summary>
        private void Allocate(Vm vm, Allocation wanted)
        {
            var changed = wanted.Only(wanted.Resources.Where(resource => Differ(wanted[resource]!.Value, has[vm.Name][resource])));
            steps.Add(new PlacementStep(vm.Name, at[vm.Name], null, changed));
            has[vm.Name] = changed.Over(has[vm.Name]);
        }

        private void Move(Vm vm, string to)
        {
            steps.Add(new PlacementStep(vm.Name, at[vm.Name], to, null));
            at[vm.Name] = to;
        }

        private (Vm Vm, string? Stop) Detour(List<Vm> moving)
        {
            foreach (var vm in moving.Where(vm => !detoured.Contains(vm.Name)).OrderBy(vm => has[vm.Name][ResourceNames.Cpu] ?? 0))
            {
                var stop = problem.Machines.FirstOrDefault(machine => machine.Name != at[vm.Name] && Fits(vm, machine.Name, has[vm.Name]));
                if (stop is null)
                    continue;
                detoured.Add(vm.Name);
                return (vm, stop.Name);
            }

            return (null!, null);
        }
    }
}
