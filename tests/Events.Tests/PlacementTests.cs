using CsCheck;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Placement.Packing;
using JustRunIt.Events.Quantities;
using static JustRunIt.Events.Tests.Sample;
using Machine = JustRunIt.Events.Placement.Packing.Machine;
using Vm = JustRunIt.Events.Placement.Packing.Vm;

namespace JustRunIt.Events.Tests;

/// <summary>Fewest machines, then fewest migrations, no machine over its capacity, not even on the way (§3.1, DESIGN §4).</summary>
public sealed class PlacementTests
{
    private static readonly DataCenterState FourAuctions = Given.Events<DataCenterState>(
        Sample.Machine("app-1"),
        Sample.Machine("app-2"),
        Sample.Machine("app-3", role: MachineRole.Spare),
        Sample.Machine("sandbox-1", role: MachineRole.Sandbox),
        Sample.Vm("shop-app", "app-1", 0.5),
        Sample.Vm("b-app", "app-1", 0.5, "b"),
        Sample.Vm("c-app", "app-2", 0.5, "c"),
        Sample.Vm("d-app", "app-2", 0.5, "d"));

    private static readonly MatrixState Filled = Given.Events<MatrixState>(Opened, Completed(0, 90), Completed(4, 40), Completed(2, 60));

    [Fact]
    public void A_server_that_outgrows_its_machine_makes_its_neighbour_move_to_a_spare_one()
    {
        var events = PlacementDecider.Decide(FourAuctions, Filled, 7, Cause()).DataCenter;
        var allocation = Assert.IsType<AllocationDecided>(events[0]);
        Assert.Equal((0.6, 0.72, 7), (allocation.Minimum.Cores, Math.Round(allocation.Allocated.Cores, 9), allocation.MatrixVersion));
        var placement = Assert.IsType<PlacementDecided>(events[1]);
        Assert.Equal((true, 2, 3, 1), (placement.Feasible, placement.MachinesBefore, placement.MachinesAfter, placement.Migrations));
        Assert.True(placement.LowerBound <= placement.MachinesAfter);
        Assert.IsType<MigrationStarted>(events[2]);
    }

    [Fact]
    public void A_move_to_another_agents_machine_names_that_agent_and_one_within_an_agent_none()
    {
        var started = Assert.IsType<MigrationStarted>(PlacementDecider.Decide(FourAuctions, Filled, 7, Cause()).DataCenter[2]);
        Assert.Equal((Agent, null), (started.Agent, started.ToAgent));
        var apart = DataCenterState.Evolve(FourAuctions, FourAuctions.Machines[started.To] with { Agent = "other" });
        var across = Assert.IsType<MigrationStarted>(PlacementDecider.Decide(apart, Filled, 7, Cause()).DataCenter[2]);
        Assert.Equal(started with { ToAgent = "other" }, across);
        var command = Assert.IsType<MigrateVm>(Assert.Single(Consequences.CommandsOf(across, Guid.Empty)));
        Assert.Equal((Agent, "other", across.To, across.RequestId), (command.Agent, command.ToAgent, command.To, command.RequestId));
    }

    [Fact]
    public void Steps_are_carried_out_one_after_another_until_the_placement_is_in_force()
    {
        var state = PlacementDecider.Decide(FourAuctions, Filled, 7, Cause()).DataCenter.Aggregate(FourAuctions, DataCenterState.Evolve);
        var migration = state.PendingRequest!.Value;
        var moved = PlacementDecider.On(state, DataCenter, new VmMigrated("", migration, Agent, "b-app", "app-3", Seconds(1)), Cause(2)).ToList();
        Assert.Equal([typeof(MigrationCompleted), typeof(AllocationStarted)], moved.Select(e => e.GetType()));
        // The same answer again, or another's, decides nothing.
        state = moved.Aggregate(state, DataCenterState.Evolve);
        PlacementDecider.On(state, DataCenter, new VmMigrated("", migration, Agent, "b-app", "app-3", Seconds(1)), Cause(3)).ThenNothing();
        var applied = PlacementDecider.On(state, DataCenter, new AllocationSet("", state.PendingRequest!.Value, Agent, "shop-app", new CpuShare(0.72)), Cause(4)).ToList();
        Assert.Equal([typeof(AllocationApplied), typeof(PlacementApplied)], applied.Select(e => e.GetType()));
        state = applied.Aggregate(state, DataCenterState.Evolve);
        Assert.Null(state.InProgress);
        Assert.Equal(0.72, state.Vms["shop-app"].Cpu.Cores);
    }

    [Fact]
    public void While_one_placement_is_under_way_another_waits()
    {
        var state = PlacementDecider.Decide(FourAuctions, Filled, 7, Cause()).DataCenter.Aggregate(FourAuctions, DataCenterState.Evolve);
        PlacementDecider.Decide(state, Filled, 8, Cause(2)).DataCenter
            .Then(new PlacementDeferred(DataCenter, MatrixId, Noon + PlacementDecider.RetryAfter));
    }

    [Fact]
    public void A_step_that_fails_ends_the_placement_with_its_reason()
    {
        var state = PlacementDecider.Decide(FourAuctions, Filled, 7, Cause()).DataCenter.Aggregate(FourAuctions, DataCenterState.Evolve);
        var failed = PlacementDecider.On(state, new VmMigrationFailed("", state.PendingRequest!.Value, Agent, "b-app", "no route")).ToList();
        Assert.Equal("no route", Assert.IsType<MigrationFailed>(Assert.Single(failed)).Reason);
        Assert.Null(failed.Aggregate(state, DataCenterState.Evolve).InProgress);
    }

    [Fact]
    public void A_decision_that_rests_on_interpolated_cells_says_so_on_the_matrix_stream()
    {
        var interpolated = new CellInterpolated(MatrixId, new(1), new CpuShare(0.7), Milliseconds(95), 5, "linear", [new(0), new(2)]);
        var matrix = Given.Events<MatrixState>(Opened, Completed(0, 150), Completed(4, 40), Completed(2, 60), interpolated);
        var decision = PlacementDecider.Decide(FourAuctions, matrix, 7, Cause());
        var decided = Assert.IsType<AllocationDecided>(decision.DataCenter[0]);
        decision.Matrix.Then(new InterpolationUsed(MatrixId, new(1), decided.DecisionId));
    }

    [Fact]
    public void The_same_seed_packs_the_same_way() =>
        Problems.Sample(problem => SimulatedAnnealing.Solve(problem).Assignment.SequenceEqual(SimulatedAnnealing.Solve(problem).Assignment), iter: 20);

    [Fact]
    public void What_is_called_feasible_keeps_every_rule_and_no_fewer_machines_than_the_bound() =>
        Problems.Sample(
            problem =>
            {
                var result = SimulatedAnnealing.Solve(problem);
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
                var result = SimulatedAnnealing.Solve(problem);
                return best is null ? !result.Feasible : result.Feasible && result.MachinesUsed == best;
            },
            iter: 400);

    [Fact]
    public void On_the_way_no_machine_is_over_its_capacity() =>
        Problems.Sample(
            problem =>
            {
                var result = SimulatedAnnealing.Solve(problem);
                if (!result.Feasible)
                    return true;
                var cpu = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.Cpu);
                var plan = MigrationPlan.Order(problem, cpu, result.Assignment);
                var at = problem.Vms.ToDictionary(vm => vm.Name, vm => vm.CurrentMachine);
                var fitsBefore = problem.Machines.All(machine => Load(problem, at, machine) <= machine.Cpu.Cores + 1e-6);
                foreach (var step in plan.Steps.Where(step => step.To is not null))
                {
                    at[step.Vm] = step.To!;
                    if (fitsBefore && problem.Machines.Any(machine => Load(problem, at, machine) > machine.Cpu.Cores + 1e-6))
                        return false;
                }

                return plan.Problem is not null || problem.Vms.All(vm => at[vm.Name] == result.Assignment[vm.Name]);
            },
            iter: 60);

    private static readonly Gen<PackingProblem> Problems = Gen.Select(Gen.Int[2, 4], Gen.Int[10, 70].Array[1, 6], Gen.ULong, Gen.Bool).Select((count, shares, seed, apart) =>
        new PackingProblem(
            [.. Enumerable.Range(0, count).Select(i => new Machine($"m{i}", new CpuShare(1), MemorySize.FromMebibytes(1024)))],
            [
                .. shares.Select((share, i) => new Vm(
                    $"v{i}", $"s{i % 3}", i % 2 == 0 ? "web" : "app", CpuShare.FromPercent(share), MemorySize.FromMebibytes(128), $"m{i % count}", Pinned: i == 0)),
            ],
            new PackingRules(TiersApart: apart, SameTierOfServiceApart: true),
            seed));

    private static bool Keeps(PackingProblem problem, IReadOnlyDictionary<string, string> assignment) =>
        problem.Machines.All(machine =>
        {
            var here = problem.Vms.Where(vm => assignment[vm.Name] == machine.Name).ToList();
            return Load(problem, assignment, machine) <= machine.Cpu.Cores + 1e-6
                && (!problem.Rules.TiersApart || here.Select(vm => vm.Tier).Distinct().Count() <= 1)
                && here.Select(vm => (vm.Service, vm.Tier)).Distinct().Count() == here.Count;
        })
        && problem.Vms.All(vm => !vm.Pinned || assignment[vm.Name] == vm.CurrentMachine);

    private static double Load(PackingProblem problem, IReadOnlyDictionary<string, string> assignment, Machine machine) =>
        problem.Vms.Where(vm => assignment[vm.Name] == machine.Name).Sum(vm => vm.Cpu.Cores);

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
