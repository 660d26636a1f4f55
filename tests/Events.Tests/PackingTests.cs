using CsCheck;
using JustRunIt.Events.Placement.Packing;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Placement.Search;
using static JustRunIt.Events.Tests.Sample;

namespace JustRunIt.Events.Tests;

/// <summary>Fewest machines, then fewest migrations, no machine over its capacity, not even on the way (§3.1, DESIGN §4).</summary>
public sealed class PackingTests
{
    private static readonly AnnealingSchedule Schedule = new(
        Rules.Placing.AnnealingIterations,
        Rules.Placing.AnnealingIterationsPerVm,
        Rules.Placing.FirstTemperature,
        Rules.Placing.LastTemperature);

    [Fact]
    public void The_same_seed_packs_the_same_way() =>
        Problems.Sample(problem => Solve(problem).Assignment.SequenceEqual(Solve(problem).Assignment), iter: 20);

    [Fact]
    public void What_is_called_feasible_keeps_every_rule_and_no_fewer_machines_than_the_bound() =>
        Problems.Sample(
            problem =>
            {
                var result = Solve(problem);
                return !result.Feasible || (Keeps(problem, result.Assignment) && result.MachinesUsed >= result.LowerBound);
            },
            iter: 60);

    [Fact]
    public void Small_problems_are_packed_on_as_few_machines_as_trying_everything_finds() =>
        Problems.Where(problem => problem.Vms.Length <= 5).Sample(
            problem =>
            {
                var best = Everything(problem).Where(assignment => Keeps(problem, assignment))
                    .Select(assignment => (int?)assignment.Values.Distinct().Count()).Min();
                var result = Solve(problem);
                return best is null ? !result.Feasible : result.Feasible && result.MachinesUsed == best;
            },
            iter: 400);

    [Fact]
    public void On_the_way_no_machine_is_over_its_capacity() =>
        Problems.Sample(
            problem =>
            {
                var result = Solve(problem);
                if (!result.Feasible)
                    return true;
                var allocations = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.Needs);
                var plan = MigrationPlan.Order(problem, allocations, result.Assignment);
                var at = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.CurrentMachine);
                var fitsBefore = problem.Machines.All(machine => Load(problem, at, machine) <= machine.Capacity.Cpu!.Value.Cores + 1e-6);
                foreach (var step in plan.Steps.Where(step => step.To is not null))
                {
                    at[step.Vm] = step.To!;
                    if (fitsBefore
                        && problem.Machines.Any(machine => Load(problem, at, machine) > machine.Capacity.Cpu!.Value.Cores + 1e-6))
                        return false;
                }

                return plan.Problem is not null || problem.Vms.All(vm => at[vm.Name] == result.Assignment[vm.Name]);
            },
            iter: 60);

    [Fact]
    public void Memory_binds_as_the_processor_does()
    {
        var problem = new PackingProblem(
            [new Machine("m0", Have(4, 512)), new Machine("m1", Have(4, 512))],
            [new Vm("a", "a", "app", Have(0.1, 300), "m0", false), new Vm("b", "b", "app", Have(0.1, 300), "m0", false)],
            new PackingRules(false, false),
            1);
        var result = Solve(problem);
        Assert.Equal((true, 2, 2), (result.Feasible, result.MachinesUsed, result.LowerBound));
    }

    private static PackingResult Solve(PackingProblem problem) => SimulatedAnnealing.Solve(problem, Schedule);

    private static readonly Gen<PackingProblem> Problems = Gen.Select(
        Gen.Int[2, 4], Gen.Int[10, 70].Array[1, 6], Gen.ULong, Gen.Bool).Select((count, shares, seed, apart) =>
        new PackingProblem(
            [.. Enumerable.Range(0, count).Select(i => new Machine($"m{i}", Have(1, 1024)))],
            [
                .. shares.Select((share, i) => new Vm(
                    $"v{i}", $"s{i % 3}", i % 2 == 0 ? "web" : "app", Have(share / 100.0, 128), $"m{i % count}", Pinned: i == 0)),
            ],
            new PackingRules(TiersApart: apart, SameTierOfServiceApart: true),
            seed));

    private static bool Keeps(PackingProblem problem, IReadOnlyDictionary<string, string> assignment) =>
        problem.Machines.All(machine =>
        {
            var here = problem.Vms.Where(vm => assignment[vm.Name] == machine.Name).ToList();
            return Load(problem, assignment, machine) <= machine.Capacity.Cpu!.Value.Cores + 1e-6
                && (!problem.Rules.TiersApart || here.Select(vm => vm.Tier).Distinct().Count() <= 1)
                && here.Select(vm => (vm.Service, vm.Tier)).Distinct().Count() == here.Count;
        })
        && problem.Vms.All(vm => !vm.Pinned || assignment[vm.Name] == vm.CurrentMachine);

    private static double Load(PackingProblem problem, IReadOnlyDictionary<string, string> assignment, Machine machine) =>
        problem.Vms.Where(vm => assignment[vm.Name] == machine.Name).Sum(vm => vm.Needs.Cpu!.Value.Cores);

    private static IEnumerable<Dictionary<string, string>> Everything(PackingProblem problem)
    {
        var count = (int)Math.Pow(problem.Machines.Length, problem.Vms.Length);
        for (var code = 0; code < count; code++)
        {
            var rest = code;
            var assignment = new Dictionary<string, string>();
            foreach (var vm in problem.Vms)
            {
                assignment[vm.Name] = problem.Machines[rest % problem.Machines.Length].Name;
                rest /= problem.Machines.Length;
            }

            yield return assignment;
        }
    }
}
