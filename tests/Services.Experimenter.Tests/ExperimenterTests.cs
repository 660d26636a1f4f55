using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Messaging;
using JustRunIt.Infrastructure;

namespace JustRunIt.Services.Experimenter.Tests;

/// <summary>The Experimenter as a process: from a violation to a measurement, with a host agent and a proxy that the test plays.</summary>
public sealed class ExperimenterTests : IAsyncLifetime
{
    private readonly ServiceScene scene = new("JustRunIt.Services.Experimenter");

    public async Task InitializeAsync()
    {
        await scene.InitializeAsync();
        await scene.GivenAsync(Shop.Service, Shop.Registered, Shop.Violated);
        await scene.GivenAsync(
            Shop.DataCenter, Shop.Machine("host-1"), Shop.Machine("sandbox-1", MachineRole.Sandbox), Shop.Vm("shop-app", "host-1", 0.6));
    }

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task A_violation_leads_to_a_clone_and_its_experiment_to_a_result_with_the_power_of_both_sides()
    {
        await scene.Bus.HearAsync<ExplorationStarted>();
        await scene.Bus.HearAsync<ExperimentCompleted>();
        await scene.Bus.TakeAsync<CloneVm>(Names.HostAgent(Shop.Agent));
        await scene.Bus.TakeAsync<SetAllocation>(Names.HostAgent(Shop.Agent));
        await scene.Bus.TakeAsync<StartReplay>(Names.ProxyNode("proxies"));
        scene.Start();

        // The violation on the stream is relayed by the service itself.
        var started = await scene.Bus.UntilAsync<ExplorationStarted>();
        var matrix = Guid.Parse(started.Body["matrices"]![0]!.GetValue<string>());
        var clone = await scene.Bus.UntilAsync<CloneVm>();
        var (requested, _) = await scene.UntilAsync<CloneRequested>(Streams.Matrix(matrix));
        Assert.Equal((started.CorrelationId, requested.CloneName), (clone.CorrelationId, clone.Body["cloneName"]!.GetValue<string>()));

        var cloned = await scene.Bus.SayAsync(new VmCloned(
            Streams.Matrix(matrix),
            requested.RequestId,
            Shop.Agent,
            requested.CloneName,
            "10.0.0.2:80",
            "process",
            true,
            TimeSpan.Zero,
            Shop.Seconds(1),
            0));
        var (experiment, causation) = await scene.UntilAsync<ExperimentStarted>(Streams.Matrix(matrix));
        Assert.Equal(cloned.ToString(), causation);
        await scene.Bus.UntilAsync<SetAllocation>();
        await scene.Bus.SayAsync(new AllocationSet(
            Streams.Matrix(matrix), experiment.ExperimentId, Shop.Agent, requested.CloneName, experiment.Allocation));
        await scene.Bus.UntilAsync<StartReplay>();

        // What an agent has measured has been.
        var from = DateTimeOffset.UtcNow.AddSeconds(-60);
        foreach (var (machine, vm, watts) in new[] { ("host-1", "shop-app", 100), ("sandbox-1", requested.CloneName, 90) })
        {
            var used = new VmPower(vm, new CpuShare(0.5), null);
            await scene.Bus.SayAsync(new PowerMeasured(
                "dc", Shop.Agent, machine, from, from.AddSeconds(60), new Watts(watts), null, false, "rapl", [used]));
        }

        await scene.UntilAsync("SELECT count(*) = 2 FROM justrunit.power");
        await scene.Bus.SayAsync(new ReplayMeasured(
            Streams.Matrix(matrix),
            experiment.ExperimentId,
            "proxies",
            from,
            from.AddSeconds(10),
            Shop.Side(150),
            Shop.Side(90),
            new MatchCounts(10, 1, 0, 0),
            0,
            null));
        var (completed, _) = await scene.UntilAsync<ExperimentCompleted>(Streams.Matrix(matrix));
        Assert.Equal((100, 90), (completed.OnlinePower!.Machine.Value, completed.SandboxPower!.Machine.Value));
        Assert.Equal(started.CorrelationId, (await scene.Bus.UntilAsync<ExperimentCompleted>()).CorrelationId);
    }

    [Fact]
    public async Task What_could_not_decide_while_others_were_explored_is_explored_again_when_they_are_done()
    {
        var first = new ExplorationStarted(
            Shop.Opened.ExplorationId,
            "shop",
            "dc",
            Wire.NameOf(typeof(SlaViolated)),
            ExplorationGoal.KeepAgreement,
            Shop.HundredMs,
            new Observation("proxies", External: false, 120, Shop.Violated.WindowFrom, Shop.Violated.WindowTo),
            Shop.Registered.Exploration,
            [Shop.MatrixId],
            1,
            Shop.Now);
        await scene.GivenAsync(
            Streams.Explorations("shop"),
            first,
            new RepetitionNoted(
                first.ExplorationId,
                "shop",
                Shop.MatrixId,
                "application",
                ExplorationGoal.KeepAgreement,
                Shop.Correlation,
                "2 of 5 cells have no value",
                Shop.Now),
            new ExplorationCompleted(first.ExplorationId, "shop", "number of experiments reached", Shop.Now));
        scene.Start();
        await scene.UntilAsync(
            "SELECT count(*) = 1 FROM justrunit.mt_events WHERE type = 'justrunit.exploration-started.v2' "
                + $"AND data ->> 'attempt' = '2' AND correlation_id = '{Shop.Correlation}'");
    }
}
