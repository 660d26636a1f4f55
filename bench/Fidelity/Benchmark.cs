using System.Globalization;
using System.Text.Json.Nodes;
using JustRunIt.Client.Supervision;

namespace JustRunIt.Bench.Fidelity;

/// <summary>
/// How faithful is the sandbox (§4.2)? Both sides get the same CPU share and the same arrivals; what differs is that the clone
/// gets them later, and its database is the record of the on-line server's.
/// </summary>
/// <param name="options">What is measured, and where it goes.</param>
/// <param name="stop">Ends it early.</param>
internal sealed class Benchmark(Options options, CancellationToken stop)
{
    private readonly List<Cell> cells = [];

    /// <summary>Measures both samples, and reports.</summary>
    public async Task RunAsync()
    {
        foreach (var sample in Sample.All)
            await MeasureAsync(sample);

        Console.WriteLine();
        Console.WriteLine(Cell.Heading);
        foreach (var cell in cells)
            Console.WriteLine(cell.Line());
        foreach (var sample in cells.GroupBy(cell => cell.Sample))
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{sample.Key}: on average {sample.Average(cell => Math.Abs(cell.SandboxPerSecond - cell.OnlinePerSecond)):0.00}"
                    + $" requests/s and {sample.Average(cell => Math.Abs(cell.Sandbox.MeanMs - cell.Online.MeanMs)):0.0} ms apart; "
                + $"{sample.Sum(cell => cell.Differences.Different):0} of {sample.Sum(cell => cell.Differences.Compared):0} "
                + $"replies differ; "
                + $"{sample.Sum(cell => cell.Sandbox.Errors):0} errors of the clone, {sample.Sum(cell => cell.Online.Errors):0} "
                + $"on-line; {sample.Sum(cell => cell.Shed):0} duplicates shed"));
        }

        Figure.Save(cells, options.Plot);
        Console.WriteLine($"Plot: {options.Plot}");
        if (options.Json is not null)
            await File.WriteAllTextAsync(
                options.Json,
                new JsonObject
                {
                    ["timeShiftMs"] = Plan.TimeShift.TotalMilliseconds,
                    ["cells"] = new JsonArray([.. cells.Select(cell => cell.Json())]),
                }.ToJsonString(new() { WriteIndented = true }));
    }

    private async Task MeasureAsync(Sample sample)
    {
        Console.WriteLine($"{sample.Name}: starting database, proxies, two application servers and the web tier");
        await using var scene = await Scene.StartAsync(sample, stop);
        await using var clients = scene.StartClients(seed: 1);
        var plan = options.Plan;
        scene.SetShare(plan.Shares[0]);
        await clients.SetThinkTimeAsync(TimeSpan.Zero);
        await clients.SetClientsAsync(Plan.SaturatingClients);
        await Task.Delay(Plan.Saturation, stop);
        var capacity = clients.ThroughputPerSecond((int)Plan.Saturation.TotalSeconds / 2);
        if (capacity <= 0)
            throw new InvalidOperationException(
                $"{sample.Name} answers nothing; logs are in {Path.Combine(Programs.LocalFolder, "fidelity")}");
        await clients.SetThinkTimeAsync(Plan.ThinkTime);
        Console.WriteLine($"{sample.Name}: bears {capacity:0} requests/s with {plan.Shares[0]:0%} of a core ({scene.Groups})");
        foreach (var utilization in plan.Utilizations)
        {
            var load = Math.Max(1, (int)Math.Round(utilization * capacity * (Plan.ThinkTime.TotalSeconds + (2 / capacity))));
            await clients.SetClientsAsync(load);
            foreach (var share in plan.Shares)
            {
                scene.SetShare(share);
                await Task.Delay(plan.Settle + Plan.TimeShift, stop);
                await CaughtUpAsync(scene);
                cells.Add(await CellAsync(sample, scene, share, load, plan.Measure));
                Console.WriteLine(cells[^1].Line());
            }
        }
    }

    /// <summary>
    /// As an experiment does, waits until the clone has worked off what is left from the load before; at most for a while.
    /// </summary>
    private async Task CaughtUpAsync(Scene scene)
    {
        var second = TimeSpan.FromSeconds(1);
        var before = await Reading.TakeAsync(scene.InAdmin, stop);
        for (var waited = TimeSpan.Zero; waited < Plan.Patience; waited += second)
        {
            await Task.Delay(second, stop);
            var now = await Reading.TakeAsync(scene.InAdmin, stop);
            if ((now.Clone - before.Clone).MeanMs < (2 * (now.Online - before.Online).MeanMs) + Plan.Negligible.TotalMilliseconds)
                return;
            before = now;
        }
    }

    /// <summary>The clone's interval is the on-line server's, the time shift later.</summary>
    private async Task<Cell> CellAsync(Sample sample, Scene scene, double share, int clients, TimeSpan time)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var onlineBegins = await Reading.TakeAsync(scene.InAdmin, stop);
        var cpuOnlineBegins = scene.CpuSeconds().Online;
        await UntilAsync(Plan.TimeShift);
        var cloneBegins = await Reading.TakeAsync(scene.InAdmin, stop);
        var cpuCloneBegins = scene.CpuSeconds().Clone;
        await UntilAsync(time);
        var onlineEnds = await Reading.TakeAsync(scene.InAdmin, stop);
        var cpuOnline = scene.CpuSeconds().Online - cpuOnlineBegins;
        await UntilAsync(time + Plan.TimeShift);
        var cloneEnds = await Reading.TakeAsync(scene.InAdmin, stop);
        var cpuClone = scene.CpuSeconds().Clone - cpuCloneBegins;
        var (online, clone) = (onlineEnds.Online - onlineBegins.Online, cloneEnds.Clone - cloneBegins.Clone);
        return new Cell(
            sample.Name,
            share,
            clients,
            time,
            online,
            clone,
            cloneEnds.Matches - cloneBegins.Matches,
            cloneEnds.Shed - cloneBegins.Shed,
            (cloneEnds.Differences.Compared - cloneBegins.Differences.Compared,
                cloneEnds.Differences.Different - cloneBegins.Differences.Different),
            (1000 * cpuOnline / online.Requests, 1000 * cpuClone / clone.Requests));

        Task UntilAsync(TimeSpan after) => Task.Delay(after - TimeProvider.System.GetElapsedTime(begin), stop);
    }
}
