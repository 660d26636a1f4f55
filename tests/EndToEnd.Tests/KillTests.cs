using System.Text.Json;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using Xunit.Abstractions;

namespace JustRunIt.EndToEnd.Tests;

/// <summary>Every service, and the proxy node, is killed once in mid-loop, as by a power cut.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task Whoever_is_killed_each_cell_has_exactly_one_result_and_one_decision_is_applied_once()
    {
        await using var scene = await Scene.StartAsync();
        await scene.Observer.WaitAsync(seen => seen.Of<ExplorationStarted>().Any(), Patience, () => $"the exploration\n{scene.Logs()}");
        foreach (var victim in new[]
        {
            "Services.Experimenter",
            "Services.Monitor",
            "Services.Checker",
            "ProxyNode",
            "Services.Experimenter",
            "Services.Placement",
            "Services.Interpolator"
        })
        {
            var last = scene.Observer.All.LastOrDefault(
                seen => Wire.NameOf(seen.Message.GetType()) is var name && !name.Contains("response-times"));
            output.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {victim} is killed after {last?.Message.GetType().Name}");
            await scene.Fleet.KillAndRestartAsync(victim);
            await Task.Delay(BetweenKills);
        }

        await scene.Observer.WaitAsync(seen => seen.Of<PlacementApplied>().Any(), Patience, () => $"the placement\n{scene.Logs()}");
        var rows = await scene.ReadStreamsAsync();
        var matrix = rows.First(row => row.Type == Wire.NameOf(typeof(MatrixOpened))).Stream;
        var results = rows.Where(row => row.Stream == matrix && row.Type == Wire.NameOf(typeof(ExperimentCompleted)))
            .Select(row => JsonSerializer.Deserialize<ExperimentCompleted>(row.Json, Wire.Json)!)
            .Where(result => result.Purpose == ExperimentPurpose.Explore)
            .ToList();
        output.WriteLine(
            string.Join(", ", results.Select(result => $"{result.Allocation}: {result.Sandbox.Metrics.Mean.TotalMilliseconds:0.0} ms")));
        Assert.Empty(rows.Where(row => row.Stream == matrix && row.Type == Wire.NameOf(typeof(ExperimentFailed))).Select(row => row.Json));
        Assert.Equal(3, results.Count);
        Assert.Equal(3, results.Select(result => result.Cell).Distinct().Count());
        Assert.Single(rows, row => row.Stream == matrix && row.Type == Wire.NameOf(typeof(MatrixFilled)));
        Assert.Single(rows, row => row.Type == Wire.NameOf(typeof(AllocationDecided)));
        Assert.Single(rows, row => row.Type == Wire.NameOf(typeof(PlacementApplied)));
    }
}
