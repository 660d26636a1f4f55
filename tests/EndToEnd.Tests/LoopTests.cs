using JustRunIt.Client.Observing;
using JustRunIt.Events;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sla;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>The loop of DESIGN §1 as separate processes on real servers.</summary>
public sealed class LoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_violated_SLA_is_met_again_with_the_share_that_experiments_call_for()
    {
        await using var scene = await Scene.StartAsync();
        await using var wire = await WireRecorder.StartAsync(scene.RabbitMq, Scene.Name);
        await scene.Observer.WaitAsync(seen => seen.Of<PlacementApplied>().Any(), Patience, () => $"the placement\n{scene.Logs()}");
        var applied = scene.Observer.Of<PlacementApplied>().First();
        await scene.Observer.WaitAsync(seen => IsMet(seen, applied.At), Patience, () => $"the SLA\n{scene.Logs()}");

        // On a busy machine the agreement may be broken again later, and explored again: this is about the first decision.
        var decision = scene.Observer.Of<AllocationDecided>().First();
        var completed = scene.Observer.Of<ExperimentCompleted>()
            .Where(e => e.MatrixId == decision.MatrixId && e.Purpose == ExperimentPurpose.Explore).ToList();
        Assert.Equal([0.4, 0.8, 0.6], completed.Select(e => Math.Round(e.Allocation.Cpu!.Value.Cores, 3)));
        Assert.All(completed, e => Assert.True(e.Sandbox is { Requests: > 0, Errors: 0 }, $"{e.Sandbox}"));
        // 80 W and 40 W by use on one machine, 60 W and 30 W on the other: estimated, and said to be.
        Assert.All(completed, e => Assert.True(
            e.OnlinePower is { Estimated: true, OnMachine: "host-1", Machine.Value: >= 80 and <= 120, Dynamic.Value: > 0 }
            && e.SandboxPower is { Estimated: true, OnMachine: "sandbox-1", Machine.Value: >= 60 and <= 90, Dynamic.Value: > 0 },
            $"{e.OnlinePower} {e.SandboxPower}"));
        Assert.Equal([0.5, 0.7], scene.Observer
            .Of<CellInterpolated>()
            .Where(e => e.MatrixId == decision.MatrixId)
            .Select(e => Math.Round(e.Allocation.Cpu!.Value.Cores, 3))
            .Order());
        Assert.True(decision.Allocated.Cpu > decision.Minimum.Cpu);
        Assert.Equal(
            decision.Allocated.Cpu!.Value.Cores, scene.Observer.Of<AllocationApplied>().First().Allocation.Cpu!.Value.Cores, precision: 2);

        // Every step stands on a stream, with what caused it; the stream's versions have no gap.
        var rows = await scene.ReadStreamsAsync();
        Assert.Contains(rows, row => row.Stream == "service-calculator" && row.Type == Wire.NameOf(typeof(SlaViolated)));
        Assert.Contains(rows, row => row.Stream == "explorations-calculator" && row.Type == Wire.NameOf(typeof(ExplorationCompleted)));
        Assert.Contains(rows, row => row.Stream == "datacenter-scene" && row.Type == Wire.NameOf(typeof(PlacementApplied)));
        Assert.Equal(3, rows.Count(row => row.Stream == Streams.Matrix(decision.MatrixId)
            && row.Type == Wire.NameOf(typeof(ExperimentCompleted))
            && !row.Json.Contains("Validate")));
        Assert.All(rows, row => Assert.False(
            string.IsNullOrEmpty(row.Cause) || string.IsNullOrEmpty(row.Decider), $"{row.Stream} {row.Version} {row.Type}"));
        // One correlation from the first violating window to the last step.
        var violated = rows.First(row => row.Type == Wire.NameOf(typeof(SlaViolated)));
        Assert.All(
            rows.Where(row => row.Stream == Streams.Matrix(decision.MatrixId) || row.Json.Contains($"{decision.DecisionId}")),
            row => Assert.Equal(decision.CorrelationId.ToString(), row.Correlation));
        Assert.Contains(rows, row => row.Type == violated.Type && row.Correlation == decision.CorrelationId.ToString());
        foreach (var stream in rows.GroupBy(row => row.Stream))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(version => (long)version), stream.Select(row => row.Version));

        // Whatever was on the bus fits the published schemas.
        await wire.StopAsync();
        Assert.True(wire.Messages.Select(message => message.WireName).Distinct().Count() > 20, $"{wire.Messages.Count} messages");
        Assert.All(wire.Messages, message => Assert.Null(message.Problem()));

        // Every decision of every service is the same when it is made again, while they go on deciding; and the matrix tells its history.
        var audit = await scene.Commands.RunAsync("audit", "--all");
        Assert.True(audit.Code == 0, $"{audit.Output}\n{audit.Errors}");
        Assert.Matches(@"^(\d+) events: \1 the same, 0 different, 0 not checkable\nseals: \d+ events hashed, \d+ in the tree: ",
            audit.Output);
        if (scene.SealKey is { } key)
            await IsSealedAsync(scene, key);
        var replay = await scene.Commands.RunAsync("replay", Streams.Matrix(decision.MatrixId), "--state", "--causes");
        Assert.True(replay.Code == 0, replay.Errors);
        Assert.Contains("a matrix of calculator/", replay.Output);
        Assert.Contains(" is measured: ", replay.Output);
        Assert.Matches("<- replay-measured.v2 of [^ ,]+, which follows from event ", replay.Output);
        Assert.Matches("cpu 40 % +cpu 50 % +cpu 60 %", replay.Output);
    }

    /// <summary>The Checker has signed a checkpoint with the key of the installation, and the store continues it.</summary>
    private static async Task IsSealedAsync(Scene scene, string key)
    {
        var kept = Path.GetTempFileName();
        try
        {
            var first = await scene.Commands.RunAsync("audit", "--all", "--key", key, "--next", kept);
            Assert.True(first.Code == 0, $"{first.Output}\n{first.Errors}");
            Assert.EndsWith("internally consistent, not proven complete (--checkpoint proves it)\n", first.Output);
            var next = await scene.Commands.RunAsync("audit", "--all", "--key", key, "--checkpoint", kept);
            Assert.True(next.Code == 0, $"{next.Output}\n{next.Errors}");
            Assert.Matches("it continues the signed checkpoint of [0-9]+ events\n$", next.Output);
        }
        finally
        {
            File.Delete(kept);
        }
    }

    /// <summary>
    /// Whether windows were measured with the new allocation and the monitor's last word is that the agreement holds. On a
    /// machine whose speed changes it may have been restored by chance before, and then nothing says so a second time.
    /// </summary>
    private static bool IsMet(Observer seen, DateTimeOffset since)
    {
        var lastWord = seen.All.Select(observed => observed.Message).LastOrDefault(message => message is SlaViolated or SlaRestored);
        return lastWord is SlaRestored
            && seen
                .Of<ResponseTimesMeasured>()
                .Where(report => report.From >= since)
                .Sum(report => (report.To - report.From).Ticks) > 3 * Scene.Window.Ticks;
    }

    [Fact]
    public async Task A_clone_that_dies_fails_its_experiment_with_the_reason_and_the_driver_goes_on()
    {
        await using var scene = await Scene.StartAsync();
        await scene.Observer.WaitAsync(seen => seen.Of<ExperimentStarted>().Any(), Patience, () => $"the first experiment\n{scene.Logs()}");
        await scene.KillServerAsync("calculator-1-clone");
        await scene.Observer.WaitAsync(seen => seen.Of<MatrixFilled>().Any(), Patience, () => $"the matrix\n{scene.Logs()}");
        var failed = Assert.Single(scene.Observer.Of<ExperimentFailed>());
        Assert.Contains("the clone died", failed.Reason);
        Assert.Equal(2, scene.Observer.Of<CloneReady>().Count());
        Assert.NotEmpty(scene.Observer.Of<ExperimentCompleted>());
        Assert.Single(scene.Observer.Of<VmExited>());
    }
}
