using System.Diagnostics;
using System.Text.Json.Nodes;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace JustRunIt.Bench.Pipeline;

/// <summary>
/// What it costs that each event is hashed as it is appended: the services' own appends with the hashes and without them, in turn, in one
/// run.
/// </summary>
internal static class SealPart
{
    private const string Database = "justrunit_bench_seals";
    private const int Rounds = 12;
    private const int CommitsOfRound = 250;
    private const int Writers = 8;

    /// <summary>Measures in a database of its own, on which no relay runs, and prints a table.</summary>
    /// <returns>A row for each size of a commit and number of writers.</returns>
    public static async Task<JsonArray> MeasureAsync(Connections given)
    {
        await BenchDatabase.MakeAsync(given, Database);
        try
        {
            using var host = await BenchDatabase.HostAsync("bench-seals", BenchDatabase.In(given, Database));
            return await MeasureAsync(
                host.Services.GetRequiredService<DecisionRunner>(), host.Services.GetRequiredService<NpgsqlDataSource>());
        }
        finally
        {
            await BenchDatabase.DropAsync(given, Database);
        }
    }

    private static async Task<JsonArray> MeasureAsync(DecisionRunner runner, NpgsqlDataSource dataSource)
    {
        var figures = new JsonArray();
        Console.WriteLine(
            $"{"writers",8} {"a commit",9}  {"without hashes: ms a commit",28} {"with: ms a commit",18} {"ratio, pair by pair",22}");
        foreach (var (writers, perCommit) in new[] { (1, 1), (1, 10), (Writers, 1), (Writers, 10) })
        {
            await RoundAsync(runner, writers, perCommit);
            var pairs = new List<(double Without, double With)>();
            for (var round = 0; round < Rounds; round++)
            {
                // Each is first in half of the pairs: a store that grows gets slower.
                var withFirst = round % 2 == 0;
                await HashAsync(dataSource, withFirst);
                var first = await RoundAsync(runner, writers, perCommit);
                await HashAsync(dataSource, !withFirst);
                var second = await RoundAsync(runner, writers, perCommit);
                pairs.Add(withFirst ? (second, first) : (first, second));
            }

            figures.Add(Report(writers, perCommit, pairs));
        }

        await HashAsync(dataSource, true);
        return figures;
    }

    private static JsonObject Report(int writers, int perCommit, List<(double Without, double With)> pairs)
    {
        var ratios = pairs.Select(pair => pair.With / pair.Without).Order().ToArray();
        var mean = ratios.Average();
        var error = Math.Sqrt(ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / (ratios.Length - 1) / ratios.Length);
        var (without, with) = (pairs.Average(pair => pair.Without), pairs.Average(pair => pair.With));
        Console.WriteLine($"{writers,8} {perCommit,9}  {without,28:0.000} {with,18:0.000} {$"{mean:0.000} ± {2 * error:0.000}",22}");
        return new JsonObject
        {
            ["writers"] = writers,
            ["eventsPerCommit"] = perCommit,
            ["withoutMs"] = without,
            ["withMs"] = with,
            ["ratio"] = mean,
            ["twoStandardErrors"] = 2 * error,
            ["pairs"] = pairs.Count,
        };
    }

    /// <returns>Milliseconds a commit, by one writer's clock.</returns>
    private static async Task<double> RoundAsync(DecisionRunner runner, int writers, int perCommit)
    {
        var begin = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async _ =>
        {
            // A stream that grows, as they do.
            var matrix = Guid.NewGuid();
            for (var commit = 0; commit < CommitsOfRound; commit++)
            {
                await runner.HandleAsync(
                    new StreamPath.Appending([.. Enumerable.Repeat(matrix, perCommit)]),
                    StreamPath.Event(matrix),
                    new Cause(Guid.NewGuid(), matrix, DateTimeOffset.UtcNow),
                    CancellationToken.None);
            }
        }));
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds / CommitsOfRound;
    }

    private static async Task HashAsync(NpgsqlDataSource dataSource, bool does)
    {
        await using var command = dataSource.CreateCommand(
            $"ALTER TABLE {StoreSetup.Schema}.mt_events {(does ? "ENABLE" : "DISABLE")} TRIGGER chain_event");
        await command.ExecuteNonQueryAsync();
    }
}
