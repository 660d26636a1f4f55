using System.CommandLine;
using System.Text.Json.Nodes;
using JustRunIt.Bench.Pipeline;
using JustRunIt.Client.CommandLine;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using Npgsql;

// From append to consumed: the services' own path against the floor, in turn, in one run.
var json = CheckedOption.OutputFile("--json", "write every figure to this file");
var command = new ExampleCommand(
    "pipeline", "from append to consumed, against raw Npgsql and RabbitMQ", "./justrunit bench pipeline --json figures.json")
{
    json,
};
command.SetAction(async (parsed, cancellation) =>
{
    OutputFiles.Prepare(parsed.GetValue(json));
    await MeasureAsync(parsed.GetValue(json)).WaitAsync(cancellation);
    return 0;
});
return await CommandProgram.RunAsync(command, args, "bench");

static async Task MeasureAsync(string? file)
{
    // A line for each message would drown the table; to log more, say so.
    if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EnvironmentVariables.LogLevel)))
        Environment.SetEnvironmentVariable(EnvironmentVariables.LogLevel, "Warning");
    var given = Connections.FromEnvironment();
    // Whoever is away or refuses us says so here, before the database is made anew.
    await (await Publisher.ConnectAsync(given.RabbitMq, "bench", CancellationToken.None)).DisposeAsync();
    const string database = "justrunit_bench";
    await using (var connection = new NpgsqlConnection(given.Postgres))
    {
        await connection.OpenAsync();
        foreach (var sql in new[] { $"DROP DATABASE IF EXISTS {database} WITH (FORCE)", $"CREATE DATABASE {database}" })
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    var connections = given with { Postgres = new NpgsqlConnectionStringBuilder(given.Postgres) { Database = database }.ConnectionString };
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

    var lengths = await StreamLengthPart.MeasureAsync(given);
    if (file is not null)
    {
        var all = new JsonObject { ["latency"] = figures, ["highest"] = highest, ["streamLength"] = lengths };
        await File.WriteAllTextAsync(file, all.ToJsonString(new() { WriteIndented = true }));
    }
}
