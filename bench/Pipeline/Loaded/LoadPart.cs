using System.Diagnostics;
using System.Text.Json.Nodes;
using JustRunIt.Client.Supervision;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;

namespace JustRunIt.Bench.Pipeline.Loaded;

/// <summary>
/// The five services as processes under the load of a large data centre: every service reported of each second, many explored at the same
/// time, with simulated agents and proxies. Lag, queues and memory over time.
/// </summary>
internal static class LoadPart
{
    private static readonly TimeSpan Sampling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs it and prints a row a minute.</summary>
    public static async Task<JsonObject> MeasureAsync(Connections connections, LoadSettings settings, string? plot, CancellationToken stop)
    {
        var folder = Path.Combine(Programs.LocalFolder, "bench-load");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "services.yaml");
        await File.WriteAllTextAsync(file, settings.File(), stop);
        await Samples.PurgeAsync(connections.RabbitMq);
        await using var fleet = new Fleet(connections, folder);
        foreach (var service in Fleet.Services)
            fleet.Start(service, service == "Services.Monitor" ? ["--config", file] : []);
        await using var agents = await SimulatedAgents.StartAsync(settings, connections.RabbitMq);
        await using var samples = await Samples.StartAsync(connections);
        await agents.AnnounceAsync();
        await ReadyAsync(fleet, samples, settings, stop);
        Console.WriteLine(
            $"{settings.Services} services, each reported of every second; {settings.Explorations} of them explored over and over; "
                + $"{settings.Agents} simulated agents and a simulated proxy node; {settings.Time.TotalMinutes:0.#} minutes");
        Console.WriteLine(
            $"the explorations begin one after the other, over {settings.Spread.TotalMinutes:0.#} minutes before it is measured");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reports = ReportAsync(agents, settings, ending.Token);
        await Task.Delay(settings.Explorations > 0 ? settings.Spread : TimeSpan.Zero, stop);
        var run = await SampleAsync(fleet, samples, settings.Time, stop);
        await ending.CancelAsync();
        var published = await reports;
        var answered = await samples.AnsweredAsync(run.Begin);
        var json = LoadReport.Print(settings, published, run, answered, samples.Heard);
        if (plot is not null)
            LoadPlot.Save(run, samples.Heard, plot);
        return json;
    }

    private static async Task ReadyAsync(Fleet fleet, Samples samples, LoadSettings settings, CancellationToken stop)
    {
        var waited = Stopwatch.StartNew();
        while (await CountAsync("service-registered.v2") < settings.Services || await CountAsync("vm-placed.v2") < settings.Services)
        {
            if (fleet.FirstFailed() is { } failed)
                throw new InvalidOperationException($"{failed.Name} has ended: {failed.LastWords()}");
            if (waited.Elapsed > Patience)
                throw new TimeoutException($"the services were not ready within {Patience.TotalMinutes:0} minutes");
            await Task.Delay(500, stop);
        }

        Console.WriteLine($"ready after {waited.Elapsed.TotalSeconds:0.0} s");

        Task<long> CountAsync(string type) => samples.CountAsync(
            $"SELECT count(*) FROM justrunit.mt_events WHERE type = 'justrunit.{type}'");
    }

    /// <summary>Each service once a second, evenly over the second; how many reports were published.</summary>
    private static async Task<long> ReportAsync(SimulatedAgents agents, LoadSettings settings, CancellationToken stop)
    {
        var last = Enumerable.Repeat(DateTimeOffset.UtcNow - TimeSpan.FromSeconds(1), settings.Services).ToArray();
        var begin = Stopwatch.GetTimestamp();
        var confirms = new Queue<Task>();
        long published = 0;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var due = (long)(Stopwatch.GetElapsedTime(begin).TotalSeconds * settings.Services);
                for (; published < due; published++)
                {
                    var service = (int)(published % settings.Services);
                    var now = DateTimeOffset.UtcNow;
                    var breaks = service < settings.Explorations
                        && Stopwatch.GetElapsedTime(begin) >= settings.Spread * service / settings.Explorations;
                    var mean = breaks ? 300 : 80;
                    confirms.Enqueue(agents.SayAsync(new ResponseTimesMeasured(
                        LoadSettings.Node,
                        LoadSettings.Service(service),
                        LoadSettings.Tier,
                        last[service],
                        now,
                        20,
                        0,
                        TimeSpan.FromMilliseconds(20 * mean),
                        TimeSpan.FromMilliseconds(mean),
                        TimeSpan.FromMilliseconds(mean),
                        WaitingRequests.None,
                        WaitingRequests.None,
                        WaitingRequests.None)).AsTask());
                    last[service] = now;
                }

                while (confirms.Count > settings.Services)
                    await confirms.Dequeue();
                await Task.Delay(10, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }

        return published;
    }

    private static async Task<LoadRun> SampleAsync(Fleet fleet, Samples samples, TimeSpan time, CancellationToken stop)
    {
        var run = new LoadRun(DateTimeOffset.UtcNow, [.. fleet.Running.Select(process => process.Name.Replace("Services.", ""))]);
        LoadReport.Head(run);
        var (clock, next) = (Stopwatch.StartNew(), LoadMinute.Length);
        while (clock.Elapsed < time)
        {
            await Task.Delay(Sampling < time - clock.Elapsed ? Sampling : time - clock.Elapsed + TimeSpan.FromMilliseconds(1), stop);
            if (fleet.FirstFailed() is { } failed)
                throw new InvalidOperationException($"{failed.Name} has ended: {failed.LastWords()}");
            var now = DateTimeOffset.UtcNow;
            var (waiting, longest) = await samples.QueuesAsync();
            run.Samples.Add(new LoadSample(
                now,
                waiting,
                longest,
                await samples.UncountedAsync(now),
                [.. fleet.Running.Select(process => Samples.Memory(process.Id))]));
            if (clock.Elapsed < next && clock.Elapsed < time)
                continue;
            LoadReport.Row(run, next - LoadMinute.Length, samples.Heard);
            next += LoadMinute.Length;
        }

        return run;
    }
}
