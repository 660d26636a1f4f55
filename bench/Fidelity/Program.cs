using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using JustRunIt.Bench.Fidelity;
using JustRunIt.Console.Supervision;

// How faithful is the sandbox (§4.2)? Both sides get the same CPU share and the same arrivals; what differs is that the clone
// gets them later, and its database is the record of the on-line server's.
Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
var cells = new List<Cell>();
try
{
    foreach (var sample in Sample.All)
        await MeasureAsync(sample);
}
catch (OperationCanceledException)
{
    return 1;
}

Console.WriteLine();
Console.WriteLine(Cell.Heading);
foreach (var cell in cells)
    Console.WriteLine(cell.Line());
foreach (var sample in cells.GroupBy(cell => cell.Sample))
{
    Console.WriteLine(string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{sample.Key}: on average {sample.Average(cell => Math.Abs(cell.SandboxPerSecond - cell.OnlinePerSecond)):0.00} requests/s and "
            + $"{sample.Average(cell => Math.Abs(cell.Sandbox.MeanMs - cell.Online.MeanMs)):0.0} ms apart; "
        + $"{sample.Sum(cell => cell.Differences.Different):0} of {sample.Sum(cell => cell.Differences.Compared):0} replies differ; "
        + $"{sample.Sum(cell => cell.Sandbox.Errors):0} errors of the clone, {sample.Sum(cell => cell.Online.Errors):0} on-line; "
            + $"{sample.Sum(cell => cell.Shed):0} duplicates shed"));
}

Figure.Save(cells, options.Plot);
Console.WriteLine($"Plot: {options.Plot}");
if (options.Json is not null)
    await File.WriteAllTextAsync(options.Json, new JsonObject
    {
        ["timeShiftMs"] = Plan.TimeShift.TotalMilliseconds,
        ["cells"] = new JsonArray([.. cells.Select(cell => cell.Json())])
    }.ToJsonString(new() { WriteIndented = true }));
return 0;

async Task MeasureAsync(Sample sample)
{
    Say($"{sample.Name}: starting database, proxies, two application servers and the web tier");
    await using var scene = await Scene.StartAsync(sample, stop.Token);
    await using var clients = scene.StartClients(seed: 1);
    var plan = options.Plan;
    scene.SetShare(plan.Shares[0]);
    await clients.SetThinkTimeAsync(TimeSpan.Zero);
    await clients.SetClientsAsync(Plan.SaturatingClients);
    await Task.Delay(Plan.Saturation, stop.Token);
    var capacity = clients.ThroughputPerSecond((int)Plan.Saturation.TotalSeconds / 2);
    if (capacity <= 0)
        throw new InvalidOperationException($"{sample.Name} answers nothing; logs are in {Path.Combine(Programs.LocalFolder, "fidelity")}");
    await clients.SetThinkTimeAsync(Plan.ThinkTime);
    Say($"{sample.Name}: bears {capacity:0} requests/s with {plan.Shares[0]:0%} of a core ({scene.Groups})");
    foreach (var utilization in plan.Utilizations)
    {
        var load = Math.Max(1, (int)Math.Round(utilization * capacity * (Plan.ThinkTime.TotalSeconds + (2 / capacity))));
        await clients.SetClientsAsync(load);
        foreach (var share in plan.Shares)
        {
            scene.SetShare(share);
            await Task.Delay(plan.Settle + Plan.TimeShift, stop.Token);
            await CaughtUpAsync(scene);
            cells.Add(await CellAsync(sample, scene, share, load, plan.Measure));
            Say(cells[^1].Line());
        }
    }
}

// As an experiment does, waits until the clone has worked off what is left from the load before; in vain at most for a while.
async Task CaughtUpAsync(Scene scene)
{
    var second = TimeSpan.FromSeconds(1);
    var before = await Reading.TakeAsync(scene.InAdmin, stop.Token);
    for (var waited = TimeSpan.Zero; waited < Plan.Patience; waited += second)
    {
        await Task.Delay(second, stop.Token);
        var now = await Reading.TakeAsync(scene.InAdmin, stop.Token);
        if ((now.Clone - before.Clone).MeanMs < (2 * (now.Online - before.Online).MeanMs) + Plan.Negligible.TotalMilliseconds)
            return;
        before = now;
    }
}

// The clone's interval is the on-line server's, the time shift later.
async Task<Cell> CellAsync(Sample sample, Scene scene, double share, int clients, TimeSpan time)
{
    var begin = TimeProvider.System.GetTimestamp();
    var onlineBegins = await Reading.TakeAsync(scene.InAdmin, stop.Token);
    var cpuOnlineBegins = scene.CpuSeconds().Online;
    await UntilAsync(Plan.TimeShift);
    var cloneBegins = await Reading.TakeAsync(scene.InAdmin, stop.Token);
    var cpuCloneBegins = scene.CpuSeconds().Clone;
    await UntilAsync(time);
    var onlineEnds = await Reading.TakeAsync(scene.InAdmin, stop.Token);
    var cpuOnline = scene.CpuSeconds().Online - cpuOnlineBegins;
    await UntilAsync(time + Plan.TimeShift);
    var cloneEnds = await Reading.TakeAsync(scene.InAdmin, stop.Token);
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

    Task UntilAsync(TimeSpan after) => Task.Delay(after - TimeProvider.System.GetElapsedTime(begin), stop.Token);
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

void Say(string line) => Console.WriteLine(line);
