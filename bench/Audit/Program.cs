using System.CommandLine;
using System.Text.Json.Nodes;
using JustRunIt.Bench.Audit;
using JustRunIt.Bench.Pipeline;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Store;

// How long auditors wait: 'audit --all' over a large store, and the first lines of 'replay' of a long stream.
const string database = "justrunit_bench_audit";
const int longStream = 100_000;
var json = CheckedOption.OutputFile("--json", "write every figure to this file");
var events = CheckedOption.Whole("--events", "COUNT", "events of the store (default 1000000)", 1_000, 100_000_000);
var command = new ExampleCommand(
    "audit", "how long 'audit --all' and the first lines of 'replay' take", "./justrunit bench audit --json figures.json")
{
    json,
    events,
};
command.SetAction(async (parsed, cancellation) =>
{
    var file = parsed.GetValue(json);
    OutputFiles.Prepare(file);
    await MeasureAsync(file, parsed.GetValue(events) ?? 1_000_000, cancellation).WaitAsync(cancellation);
    return 0;
});
return await CommandProgram.RunAsync(command, args, "bench");

static async Task MeasureAsync(string? file, int events, CancellationToken stop)
{
    var given = Connections.FromEnvironment();
    await BenchDatabase.MakeAsync(given, database);
    try
    {
        var connections = BenchDatabase.In(given, database);
        await using var store = await AuditedStore.MakeAsync(connections);
        await store.FillAsync(events, stop);
        Console.WriteLine($"{"",-34} {"s",7} {"CPU s",7} {"MiB",7} {"events/s",9}  says");
        var all = new JsonObject();
        var audit = await ConsoleRun.OfAsync(connections.Postgres, ["audit", "--all"], stop);
        Report("audit --all", audit, events, all);
        await store.AddLongStreamAsync("long", longStream, stop);
        var replay = await ConsoleRun.OfAsync(connections.Postgres, ["replay", "data-center", "long"], stop);
        Report($"replay of {longStream} events", replay, longStream, all);
        var state = await ConsoleRun.OfAsync(connections.Postgres, ["replay", "data-center", "long", "--state", "--at", "1000"], stop);
        Report("replay --state of the first 1000", state, 1_000, all);
        if (file is not null)
            await File.WriteAllTextAsync(file, all.ToJsonString(new() { WriteIndented = true }), stop);
    }
    finally
    {
        await BenchDatabase.DropAsync(given, database);
    }
}

static void Report(string what, ConsoleRun run, int events, JsonObject all)
{
    Console.WriteLine(
        $"{what,-34} {run.Whole.TotalSeconds,7:0.0} {run.Processor.TotalSeconds,7:0.0} {run.PeakMebibytes,7:0} "
        + $"{events / run.Whole.TotalSeconds,9:0}  "
        + $"exit code {run.ExitCode}, first line after {run.First.TotalSeconds:0.00} s: {run.LastLine}");
    all[what] = new JsonObject
    {
        ["events"] = events,
        ["seconds"] = run.Whole.TotalSeconds,
        ["firstLineSeconds"] = run.First.TotalSeconds,
        ["processorSeconds"] = run.Processor.TotalSeconds,
        ["peakMebibytes"] = run.PeakMebibytes,
        ["exitCode"] = run.ExitCode,
        ["says"] = run.LastLine,
    };
}
