using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Bench.Pipeline;

/// <summary>
/// What a message costs against the length of its stream: with every event fetched and folded, and with the snapshots that the
/// services use, over the same streams in one run. Real deciders, each message changes something, commit included.
/// </summary>
internal sealed class StreamLengthPart : IAsyncDisposable
{
    private const string Database = "justrunit_bench_lengths";
    private const int AfterMessages = 200;
    private static readonly (int Length, int Before)[] Lengths = [(100, 200), (10_000, 20), (1_000_000, 3)];
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly IHost host;
    private readonly DecisionRunner runner;
    private readonly IDocumentStore store;
    private readonly NpgsqlDataSource dataSource;
    private int messages;

    private StreamLengthPart(IHost host)
    {
        this.host = host;
        runner = host.Services.GetRequiredService<DecisionRunner>();
        store = host.Services.GetRequiredService<IDocumentStore>();
        dataSource = host.Services.GetRequiredService<NpgsqlDataSource>();
    }

    /// <summary>Measures in a database of its own, on which no relay runs, and prints a table.</summary>
    /// <returns>A row for each stream and way.</returns>
    public static async Task<JsonArray> MeasureAsync(Connections given)
    {
        await BenchDatabase.MakeAsync(given, Database);
        try
        {
            var host = await BenchDatabase.HostAsync("bench-lengths", BenchDatabase.In(given, Database));
            await using var part = new StreamLengthPart(host);
            return await part.MeasureAsync();
        }
        finally
        {
            await BenchDatabase.DropAsync(given, Database);
        }
    }

    public ValueTask DisposeAsync()
    {
        host.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<JsonArray> MeasureAsync()
    {
        var figures = new JsonArray();
        Console.WriteLine(
            $"{"stream",-12} {"events",9}  {"folds everything: median ms",28} {"99th ms",9} {"n",4}  "
            + $"{"behind a snapshot: median ms",28} {"99th ms",9} {"n",4} {"first ms",9}");
        foreach (var (length, before) in Lengths)
        {
            await FillAsync(Streams.DataCenter($"{length}"), length, Wire.NameOf(typeof(VmPlaced)), Placed(length, 0), "vm");
            await ReportAsync("data centre", length, before, figures, new InventoryDecider(), () => Started(length, ++messages));
            await FillAsync(Streams.Service($"{length}"), length, Wire.NameOf(typeof(SlaViolated)), Violated(length), "source");
            await ReportAsync("service", length, before, figures, new RegistrationDecider(), () => Configured(length, ++messages));
        }

        return figures;
    }

    private async Task ReportAsync<TMessage>(
        string stream, int length, int beforeMessages, JsonArray figures, IDecider<TMessage> decider, Func<TMessage> next)
        where TMessage : class
    {
        // The first pays for what both share, and is not counted.
        await TimeAsync(1, () => FoldEverythingAsync(decider, next()));
        var before = await TimeAsync(beforeMessages, () => FoldEverythingAsync(decider, next()));
        var first = await TimeAsync(1, () => HandleAsync(decider, next()));
        var after = await TimeAsync(AfterMessages, () => HandleAsync(decider, next()));
        Console.WriteLine(
            $"{stream,-12} {length,9}  {Load.AtPercentile(before, 50),28:0.0} {Load.AtPercentile(before, 99),9:0.0} {before.Length,4}  "
            + $"{Load.AtPercentile(after, 50),28:0.0} {Load.AtPercentile(after, 99),9:0.0} {after.Length,4} {first[0],9:0.0}");
        foreach (var (way, sorted) in new[]
        {
            ("folds everything", before), ("behind a snapshot", after), ("takes the first snapshot", first),
        })
        {
            figures.Add(new JsonObject
            {
                ["stream"] = stream,
                ["events"] = length,
                ["way"] = way,
                ["medianMs"] = Load.AtPercentile(sorted, 50),
                ["p99Ms"] = Load.AtPercentile(sorted, 99),
                ["messages"] = sorted.Length,
            });
        }
    }

    private static async Task<double[]> TimeAsync(int count, Func<Task> handle)
    {
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            await handle();
            times[i] = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }

        return [.. times.Order()];
    }

    private async Task HandleAsync<TMessage>(IDecider<TMessage> decider, TMessage message)
        where TMessage : class
    {
        var decision = await runner.HandleAsync(decider, message, NewCause(), CancellationToken.None);
        if (decision.Why is not null)
            throw new InvalidOperationException($"nothing decided: {decision.Detail}");
    }

    /// <summary>As it was before there were snapshots: Marten fetches the streams, and every event is folded.</summary>
    private async Task FoldEverythingAsync<TMessage>(IDecider<TMessage> decider, TMessage message)
        where TMessage : class
    {
        await using var session = store.LightweightSession();
        var (decision, reading) = await DecisionLoop.RunAsync(decider, message, NewCause(), new Fetching(session), CancellationToken.None);
        foreach (var (stream, events) in decision.Streams)
        {
            var version = reading.VersionOf(stream);
            if (version == 0)
                session.Events.StartStream(stream, [.. events]);
            else
                session.Events.Append(stream, version + events.Length, [.. events]);
        }

        await session.SaveChangesAsync();
    }

    private async Task FillAsync(string stream, int length, string type, object @event, string varied)
    {
        await using var command = dataSource.CreateCommand(
            $"""
            INSERT INTO {StoreSetup.Schema}.mt_streams (id, version, timestamp, created, tenant_id, is_archived)
                VALUES ('{stream}', {length}, now(), now(), '*DEFAULT*', false);
            INSERT INTO {StoreSetup.Schema}.mt_events
                (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, causation_id, correlation_id, is_archived)
                SELECT nextval('{StoreSetup.Schema}.mt_events_sequence'), gen_random_uuid(), '{stream}', i,
                    jsonb_set('{JsonSerializer.Serialize(@event, Wire.Json)}', ARRAY['{varied}'], to_jsonb('number-' || i % 20)),
                    '{type}', now(), '*DEFAULT*', gen_random_uuid()::text, gen_random_uuid()::text, false
                FROM generate_series(1, {length}) AS i ORDER BY i;
            ANALYZE {StoreSetup.Schema}.mt_events;
            """);
        await command.ExecuteNonQueryAsync();
    }

    private static Cause NewCause() => new(Guid.NewGuid(), Guid.NewGuid(), DateTimeOffset.UtcNow);

    private static Allocation Have(int number) => Allocation.Of(new CpuShare(0.5), MemorySize.FromMebibytes(256 + number));

    private static VmPlaced Placed(int length, int number) =>
        new($"{length}", "vm", "shop", "application", "host-1", false, Have(number));

    private static VmStarted Started(int length, int number) =>
        new(Guid.NewGuid(), $"{length}", "agent", "host-1", $"number-{number % 20}", "shop", "application", false, Have(number));

    private static SlaViolated Violated(int length) => new(
        $"{length}", Begin, Begin.AddSeconds(10), Agreement.OnMean(TimeSpan.FromMilliseconds(100)), 120, 50, 1, "monitor", true, Begin);

    private static ConfigurationRead Configured(int length, int number) => new(
        $"services-{length}",
        Policy.Default,
        [
            new ServiceRegistered(
                $"{length}",
                $"services-{length}",
                new ServiceLevel(Agreement.OnMean(TimeSpan.FromMilliseconds(100 + number)), TimeSpan.FromSeconds(10)),
                "application",
                [new TierDefinition("application", ["shop-app"], "proxies", null)],
                new ExplorationSettings(
                    ["application"],
                    [new Dimension(ResourceNames.Cpu, 0.6, 1, 5)],
                    3,
                    TimeSpan.FromMinutes(10),
                    new ExperimentDurations(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(10)),
                    null,
                    0.2,
                    0.2,
                    TimeSpan.FromMinutes(1)),
                default),
        ]);

    private sealed class Fetching(IQuerySession session) : IReadingSource
    {
        public async ValueTask<Versioned<TState>> LoadAsync<TState>(string stream, CancellationToken cancellation)
            where TState : class, IState<TState>
        {
            var events = await session.Events.FetchStreamAsync(stream, token: cancellation);
            var state = events.Aggregate(TState.Initial, (folded, e) => TState.Evolve(folded, (IDomainEvent)e.Data));
            return new Versioned<TState>(state, events.Count);
        }

        public ValueTask<TAnswer> AnswerAsync<TAnswer>(IFact<TAnswer> asked, CancellationToken cancellation) =>
            throw new InvalidOperationException($"{asked} is not asked here.");
    }
}
