using CsCheck;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Power;

namespace JustRunIt.HostAgent.Tests.Power;

/// <summary>Base and dynamic power (§3.2), and the estimate.</summary>
public sealed class MachinePowerTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public void The_base_is_the_mean_of_idle_intervals_only()
    {
        var power = BasePower.After(null, new Watts(100), idle: true);
        power = BasePower.After(power, new Watts(500), idle: false);
        power = BasePower.After(power, new Watts(110), idle: true);
        Assert.Equal(new BasePower(new Watts(105), 2), power);
        Assert.Null(BasePower.After(null, new Watts(100), idle: false));
    }

    [Fact]
    public void An_old_base_fades()
    {
        BasePower? power = null;
        for (var i = 0; i < 1000; i++)
            power = BasePower.After(power, new Watts(i < 500 ? 100 : 120), idle: true);
        Assert.InRange(power!.Watts.Value, 119, 120);
    }

    [Fact]
    public void What_is_above_the_base_is_shared_by_CPU_use()
    {
        var shares = DynamicPower.Share(new Watts(190), new Watts(100), [("a", new CpuShare(0.5)), ("b", new CpuShare(0.25))]);
        Assert.Equal([60.0, 30.0], shares.Select(vm => Math.Round(vm.Dynamic!.Value.Value, 9)));
        // Below the base, by noise, is nothing; without CPU use nobody is to blame more than another.
        Assert.Equal(
            [0.0], DynamicPower.Share(new Watts(90), new Watts(100), [("a", new CpuShare(1))]).Select(vm => vm.Dynamic!.Value.Value));
        Assert.Equal([5.0, 5.0], DynamicPower.Share(
            new Watts(110), new Watts(100), [("a", default), ("b", default)]).Select(vm => vm.Dynamic!.Value.Value));
        Assert.Null(DynamicPower.Share(new Watts(110), null, [("a", default)])[0].Dynamic);
    }

    [Fact]
    public void The_shares_add_up_to_what_is_above_the_base() =>
        Gen.Select(Gen.Double[0, 1000], Gen.Double[0, 500], Gen.Double[0, 4].List[1, 10]).Sample((machine, idle, used) =>
        {
            var shares = DynamicPower.Share(
                new Watts(machine), new Watts(idle), [.. used.Select((cores, i) => ($"vm{i}", new CpuShare(cores)))]);
            return Math.Abs(shares.Sum(vm => vm.Dynamic!.Value.Value) - Math.Max(0, machine - idle)) < 1e-6;
        });

    [Fact]
    public async Task The_estimate_is_base_plus_dynamic_times_utilization_and_marked()
    {
        double? use = null;
        using var meter = new UtilizationEstimator(new Watts(80), new Watts(40), () => use);
        Assert.Null(await meter.ReadAsync(CancellationToken.None));
        use = 0.5;
        Assert.Equal(new Watts(100), await meter.ReadAsync(CancellationToken.None));
        use = 1.2;
        Assert.Equal(new Watts(120), await meter.ReadAsync(CancellationToken.None));
        Assert.True(meter.Estimated);
    }

    [Fact]
    public void The_host_s_utilization_is_what_was_neither_idle_nor_waiting()
    {
        var stat = "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 1 1 1\n";
        var use = Utilization.OfHost(() => stat);
        Assert.Null(use());
        stat = "cpu  130 0 120 740 110 0 0 0 70 0\n";
        Assert.Equal(0.5, use()!.Value, 9);
    }

    [Fact]
    public async Task A_machine_is_idle_first_and_then_its_burner_gets_the_dynamic_part()
    {
        var machine = agent.Settings.Machines[0] with { Name = "host-power" };
        var group = GroupPath.Of(machine.Name, "burner");
        agent.Groups.Create(group);
        var meter = new ScriptedMeter([100, 100, 100, 160]);
        var bases = new BasePowerFile(agent.Settings);
        var power = new MachinePower(agent.Settings, machine, meter, agent.Groups, bases, TimeProvider.System);
        Assert.Null(await power.MeasureAsync([], CancellationToken.None));
        var idle = (await NextAsync([]))!;
        Assert.Equal((new Watts(100), new Watts(100)), (idle.Power, idle.Base!.Value));
        Assert.Empty(idle.Vms);
        var log = Path.Combine(Path.GetTempPath(), "justrunit-power-burner.log");
        _ = Processes.Launcher.Start(agent.Shell("while :; do :; done"), "127.0.0.1:1", null, agent.Groups.EntryFiles(group), null, log);
        try
        {
            await NextAsync(["burner"]);
            var busy = (await NextAsync(["burner"]))!;
            Assert.Equal((new Watts(160), new Watts(100)), (busy.Power, busy.Base!.Value));
            var share = Assert.Single(busy.Vms);
            Assert.Equal(("burner", 60.0), (share.Vm, share.Dynamic!.Value.Value));
            Assert.True(share.Used.Cores > 0);
            // The next agent knows the base without the machine being idle again.
            Assert.Equal(new Watts(100), new BasePowerFile(agent.Settings).Of(machine.Name)!.Watts);
        }
        finally
        {
            while (agent.Groups.Processes(group) is { Count: > 0 } left)
            {
                Processes.ProcessTable.End(left);
                await Task.Delay(20);
            }

            agent.Groups.Remove(group);
            agent.Groups.Remove(GroupPath.Of(machine.Name));
        }

        async Task<PowerMeasured?> NextAsync(string[] running)
        {
            await Task.Delay(200);
            return await power.MeasureAsync(running, CancellationToken.None);
        }
    }

    /// <summary>A meter whose readings are known: what is tested is what is made of them.</summary>
    private sealed class ScriptedMeter(double[] watts) : IPowerMeter
    {
        private int next;

        public string Description => "scripted";

        public bool Estimated => false;

        public Task<Watts?> ReadAsync(CancellationToken cancellation) =>
            Task.FromResult<Watts?>(new Watts(watts[Math.Min(next++, watts.Length - 1)]));

        public void Dispose()
        {
        }
    }
}
