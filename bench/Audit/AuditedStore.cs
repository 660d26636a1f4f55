using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Bench.Pipeline;
using JustRunIt.Events.Auditing;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Store;
using JustRunIt.Events.Telling;
using JustRunIt.Events.Tests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Bench.Audit;

/// <summary>
/// A store as services leave it: rehearsals of the whole loop with every decider, each with names of its own, decisions with their records;
/// hashed by the same trigger, and sealed.
/// </summary>
internal sealed class AuditedStore : IAsyncDisposable
{
    private const int MessagesOfRehearsal = 600;
    private const string EventTable = $"{StoreSetup.Schema}.mt_events";
    private const string StreamTable = $"{StoreSetup.Schema}.mt_streams";
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);
    private readonly IHost host;
    private readonly NpgsqlDataSource dataSource;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private TimeSpan told;
    private long sequence;

    private AuditedStore(IHost host)
    {
        this.host = host;
        dataSource = host.Services.GetRequiredService<NpgsqlDataSource>();
    }

    /// <summary>Makes an empty one.</summary>
    public static async Task<AuditedStore> MakeAsync(Connections connections) =>
        new(await BenchDatabase.HostAsync("bench-audit", connections));

    /// <summary>Puts at least so many events there.</summary>
    public async Task FillAsync(int events, CancellationToken stop)
    {
        for (var seed = 0; sequence < events; seed++)
        {
            var past = new PastStreams();
            new Rehearsal(seed, past.Append, $"-{seed}").Play(MessagesOfRehearsal);
            // Its checkpoints are of no tree.
            await WriteAsync([.. past.Events.Where(e => StreamKind.Of(e.Stream) != StreamKind.Seal)], stop);
            Tell($"{sequence} of {events} events");
        }

        await ExecuteAsync(
            [
                $"INSERT INTO {StoreSetup.Schema}.leaves "
                    + $"SELECT row_number() OVER (ORDER BY seq_id) - 1, seq_id FROM {StoreSetup.Schema}.chain",
                $"VACUUM ANALYZE {EventTable}",
            ],
            stop);
    }

    /// <summary>Adds a data centre whose stream is long, of the time before there were records.</summary>
    public Task AddLongStreamAsync(string dataCenter, int length, CancellationToken stop)
    {
        var placed = new VmPlaced(
            dataCenter, "vm", "shop", "application", "host-1", false, Allocation.Of(new CpuShare(0.5), MemorySize.FromMebibytes(256)));
        var stream = Streams.DataCenter(dataCenter);
        return ExecuteAsync(
            [
                $"""
                INSERT INTO {StreamTable} (id, version, timestamp, created, tenant_id, is_archived)
                    VALUES ('{stream}', {length}, now(), now(), '*DEFAULT*', false)
                """,
                $"""
                INSERT INTO {EventTable} (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, is_archived)
                    SELECT {sequence} + i, gen_random_uuid(), '{stream}', i,
                        jsonb_set('{JsonSerializer.Serialize(placed, Wire.Json)}', ARRAY['vm'], to_jsonb('vm-' || i % 20)),
                        '{Wire.NameOf(typeof(VmPlaced))}', now(), '*DEFAULT*', false
                    FROM generate_series(1, {length}) AS i ORDER BY i
                """,
                $"VACUUM ANALYZE {EventTable}",
            ],
            stop);
    }

    public async ValueTask DisposeAsync()
    {
        host.Dispose();
        await dataSource.DisposeAsync();
    }

    private async Task WriteAsync(IReadOnlyList<PastEvent> rows, CancellationToken stop)
    {
        await using var connection = await dataSource.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using (var streams = await connection.BeginBinaryImportAsync(
            $"COPY {StreamTable} (id, version, timestamp, created, tenant_id, is_archived) FROM STDIN (FORMAT BINARY)", stop))
        {
            foreach (var stream in rows.GroupBy(row => row.Stream))
            {
                await streams.StartRowAsync(stop);
                await streams.WriteAsync(stream.Key, NpgsqlDbType.Varchar, stop);
                await streams.WriteAsync(stream.Max(row => row.Version), NpgsqlDbType.Bigint, stop);
                await streams.WriteAsync(DateTime.UtcNow, NpgsqlDbType.TimestampTz, stop);
                await streams.WriteAsync(DateTime.UtcNow, NpgsqlDbType.TimestampTz, stop);
                await streams.WriteAsync("*DEFAULT*", NpgsqlDbType.Varchar, stop);
                await streams.WriteAsync(false, NpgsqlDbType.Boolean, stop);
            }

            await streams.CompleteAsync(stop);
        }

        await using (var events = await connection.BeginBinaryImportAsync(
            $"""
            COPY {EventTable} (
                seq_id, id, stream_id, version, data, type, timestamp, tenant_id, causation_id, correlation_id, headers, is_archived)
                FROM STDIN (FORMAT BINARY)
            """,
            stop))
        {
            foreach (var row in rows)
            {
                await events.StartRowAsync(stop);
                await events.WriteAsync(++sequence, NpgsqlDbType.Bigint, stop);
                await events.WriteAsync(Guid.NewGuid(), NpgsqlDbType.Uuid, stop);
                await events.WriteAsync(row.Stream, NpgsqlDbType.Varchar, stop);
                await events.WriteAsync(row.Version, NpgsqlDbType.Bigint, stop);
                await events.WriteAsync(row.Body, NpgsqlDbType.Jsonb, stop);
                await events.WriteAsync(row.WireName, NpgsqlDbType.Varchar, stop);
                await events.WriteAsync(row.At.UtcDateTime, NpgsqlDbType.TimestampTz, stop);
                await events.WriteAsync("*DEFAULT*", NpgsqlDbType.Varchar, stop);
                await events.WriteAsync(row.CausationId, NpgsqlDbType.Varchar, stop);
                await events.WriteAsync(row.CorrelationId, NpgsqlDbType.Varchar, stop);
                await events.WriteAsync($$"""{"{{DecisionRecord.Header}}": {{row.Decision}}}""", NpgsqlDbType.Jsonb, stop);
                await events.WriteAsync(false, NpgsqlDbType.Boolean, stop);
            }

            await events.CompleteAsync(stop);
        }

        await transaction.CommitAsync(stop);
    }

    private void Tell(string what)
    {
        if (watch.Elapsed < told + BetweenLines)
            return;
        told = watch.Elapsed;
        Console.Error.WriteLine($"store: {what}, {watch.Elapsed.TotalSeconds:0} s");
    }

    private async Task ExecuteAsync(IEnumerable<string> statements, CancellationToken stop)
    {
        foreach (var sql in statements)
        {
            await using var command = dataSource.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(stop);
        }
    }
}
