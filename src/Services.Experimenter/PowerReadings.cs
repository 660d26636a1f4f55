using System.Text.Json;
using JustRunIt.Events;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Services.Experimenter;

/// <summary>
/// What the host agents measured lately, a row for each virtual machine and interval. Kept for an hour, beside the streams:
/// what an experiment needs of it is in the event that the experiment ends with.
/// </summary>
internal sealed partial class PowerReadings(NpgsqlDataSource dataSource, ILogger<PowerReadings> logger) : IFactSource
{
    private const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {StoreSetup.Schema}.power (
            data_center text NOT NULL,
            vm text NOT NULL,
            to_at timestamptz NOT NULL,
            sample jsonb NOT NULL,
            PRIMARY KEY (data_center, vm, to_at));
        CREATE INDEX IF NOT EXISTS power_to_at ON {StoreSetup.Schema}.power (to_at);
        """;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>So far a sender's clock may be ahead of the database's.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public Type Asked => typeof(PowerAsked);

    /// <summary>Adds the readings, and their table, to a service.</summary>
    public static void Register(IServiceCollection services)
    {
        services.AddSingleton(new StoreExtension(Catalog.Experimenter, "power", _ => { }, Ddl));
        services.AddSingleton<PowerReadings>();
        services.AddSingleton<IFactSource>(provider => provider.GetRequiredService<PowerReadings>());
    }

    /// <inheritdoc />
    public async Task<object?> AnswerAsync(object asked, IDocumentSession session, CancellationToken cancellation)
    {
        var question = (PowerAsked)asked;
        return await MeanAsync(question.DataCenter, question.Vm, question.From, question.To, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Adds a report; the same report twice is one. Drops what is older than an hour by the database's clock: by a sender's, one that is
    /// ahead would drop what all others have measured. What ends in the future is no measurement, and is left out.
    /// </summary>
    public async Task AddAsync(PowerMeasured measured, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(measured);
        var now = await NowAsync(cancellation).ConfigureAwait(false);
        if (measured.To > now + ClockTolerance)
        {
            Log.Ahead(logger, measured.Machine, measured.Agent, measured.To, now);
            return;
        }

        await using var batch = dataSource.CreateBatch();
        foreach (var vm in measured.Vms)
        {
            var sample = JsonSerializer.Serialize(measured.SampleOf(vm.Vm), Wire.Json);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                $"INSERT INTO {StoreSetup.Schema}.power (data_center, vm, to_at, sample) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
            {
                Parameters =
                {
                    new NpgsqlParameter { Value = measured.DataCenter },
                    new NpgsqlParameter { Value = vm.Vm },
                    new NpgsqlParameter { Value = measured.To.ToUniversalTime() },
                    new NpgsqlParameter { Value = sample, NpgsqlDbType = NpgsqlDbType.Jsonb },
                },
            });
        }

        batch.BatchCommands.Add(new NpgsqlBatchCommand($"DELETE FROM {StoreSetup.Schema}.power WHERE to_at < $1")
        {
            Parameters = { new NpgsqlParameter { Value = now - Kept } },
        });
        await batch.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Mean power that a virtual machine saw over a window; null when too little is known of it.</summary>
    public async Task<PowerDrawn?> MeanAsync(
        string dataCenter, string vm, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation)
    {
        await using var command = dataSource.CreateCommand(
            $"SELECT sample::text FROM {StoreSetup.Schema}.power WHERE data_center = $1 AND vm = $2 AND to_at > $3 ORDER BY to_at");
        command.Parameters.Add(new NpgsqlParameter { Value = dataCenter });
        command.Parameters.Add(new NpgsqlParameter { Value = vm });
        command.Parameters.Add(new NpgsqlParameter { Value = from.ToUniversalTime() });
        var samples = new List<PowerSample>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            samples.Add(JsonSerializer.Deserialize<PowerSample>(reader.GetString(0), Wire.Json)!);
        return PowerDrawn.Mean(samples, from, to);
    }

    private async Task<DateTime> NowAsync(CancellationToken cancellation)
    {
        await using var command = dataSource.CreateCommand("SELECT now()");
        return (DateTime)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1402,
            Level = LogLevel.Warning,
            Message = "power of {Machine} from {Agent} is left out: it ends at {To:O}, and it is {Now:O}; the agent's clock is ahead")]
        public static partial void Ahead(ILogger logger, string machine, string agent, DateTimeOffset to, DateTime now);
    }
}
