using System.CommandLine;
using System.Text.Json.Nodes;
using JustRunIt.Bench.Pipeline;
using JustRunIt.Bench.Pipeline.Loaded;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;

// From append to consumed: the services' own path against the floor, in turn, in one run; and the services under a large load.
var json = CheckedOption.OutputFile("--json", "write every figure to this file");
var plot = CheckedOption.OutputFile("--plot", "draw lag, queues and memory over time of the part 'load' into this file", ".png");
var only = CheckedOption.Choice("--only", "one part alone; without it, all but 'load'", "path", "length", "seals", "load");
var minutes = CheckedOption.Whole("--minutes", "MINUTES", "how long the part 'load' is measured (default 30)", 1, 1440);
var services = CheckedOption.Whole("--services", "COUNT", "simulated services of the part 'load' (default 1000)", 1, 10_000);
var explorations = CheckedOption.Whole(
    "--explorations", "COUNT", "how many of them are explored at once, each with a simulated agent (default 200)", 0, 1_000);
var measure = CheckedOption.Whole(
    "--measure", "SECONDS", "how long an experiment of the part 'load' measures; it warms up for a third of that (default 30)", 1, 3600);
var command = new ExampleCommand(
    "pipeline", "from append to consumed, against raw Npgsql and RabbitMQ", "./justrunit bench pipeline --json figures.json")
{
    json,
    plot,
    only,
    minutes,
    services,
    explorations,
    measure,
};
command.SetAction(async (parsed, cancellation) =>
{
    OutputFiles.Prepare(parsed.GetValue(json));
    OutputFiles.Prepare(parsed.GetValue(plot));
    var count = parsed.GetValue(services) ?? 1000;
    var settings = new LoadSettings(
        count,
        Math.Min(count, parsed.GetValue(explorations) ?? 200),
        TimeSpan.FromMinutes(parsed.GetValue(minutes) ?? 30),
        parsed.GetValue(measure) ?? 30);
    await MeasureAsync(parsed.GetValue(json), parsed.GetValue(plot), parsed.GetValue(only), settings, cancellation)
        .WaitAsync(cancellation);
    return 0;
});
return await CommandProgram.RunAsync(command, args, "bench");

static async Task MeasureAsync(string? file, string? plot, string? only, LoadSettings settings, CancellationToken stop)
{
    // A line for each message would drown the table; to log more, say so.
    if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EnvironmentVariables.LogLevel)))
        Environment.SetEnvironmentVariable(EnvironmentVariables.LogLevel, "Warning");
    var given = Connections.FromEnvironment();
    // Whoever is away or refuses us says so here, before the database is made anew.
    await (await Publisher.ConnectAsync(given.RabbitMq, "bench", CancellationToken.None)).DisposeAsync();
    const string database = "justrunit_bench";
    var all = new JsonObject();
    await BenchDatabase.MakeAsync(given, database);
    var connections = BenchDatabase.In(given, database);
    if (only == "load")
        all["load"] = await LoadPart.MeasureAsync(connections, settings, plot, stop);
    if (only is null or "path")
        await MeasurePathAsync(connections, all);
    if (only is null or "length")
        all["streamLength"] = await StreamLengthPart.MeasureAsync(given);
    if (only is null or "seals")
        all["seals"] = await SealPart.MeasureAsync(given);
    if (file is not null)
        await File.WriteAllTextAsync(file, all.ToJsonString(new() { WriteIndented = true }), stop);
}

static async Task MeasurePathAsync(Connections connections, JsonObject all)
{
    var arrivals = new Arrivals();
    var figures = new JsonArray();
    await using var ours = await StreamPath.StartAsync(connections, arrivals);
    await using var raw = await RawPath.StartAsync(connections, arrivals);
    foreach (var path in new IPath[] { ours, raw })
        await Load.AtRateAsync(path, arrivals, 200, 1, TimeSpan.FromSeconds(5));

    Console.WriteLine($"{"events/s",10} {"a commit",9}  {"path",-22} {"median ms",10} {"99th ms",9}");
    foreach (var (rate, perTransaction, seconds) in new[] { (1.0, 1, 20), (100.0, 1, 10), (1000.0, 10, 10) })
    {
        foreach (var path in new IPath[] { ours, raw })
        {
            var sorted = await Load.AtRateAsync(path, arrivals, rate, perTransaction, TimeSpan.FromSeconds(seconds));
            var (median, p99) = (Load.AtPercentile(sorted, 50), Load.AtPercentile(sorted, 99));
            Console.WriteLine($"{rate,10:0} {perTransaction,9}  {path.Name,-22} {median,10:0.0} {p99,9:0.0}");
            figures.Add(
                new JsonObject
                {
                    ["path"] = path.Name,
                    ["eventsPerSecond"] = rate,
                    ["eventsPerTransaction"] = perTransaction,
                    ["medianMs"] = median,
                    ["p99Ms"] = p99,
                    ["events"] = sorted.Length,
                });
        }
    }

    var highest = new JsonArray();
    foreach (var (writers, perTransaction) in new[] { (16, 1), (16, 10) })
    {
        foreach (var path in new IPath[] { ours, raw })
        {
            var rate = await Load.HighestRateAsync(path, arrivals, writers, perTransaction, TimeSpan.FromSeconds(8));
            Console.WriteLine(
                $"{"highest",10} {perTransaction,9}  {path.Name,-22} {rate,10:0} events/s, written to read, {writers} writers");
            highest.Add(
                new JsonObject
                {
                    ["path"] = path.Name,
                    ["writers"] = writers,
                    ["eventsPerTransaction"] = perTransaction,
                    ["eventsPerSecond"] = rate,
                });
        }
    }

    all["latency"] = figures;
    all["highest"] = highest;
}
