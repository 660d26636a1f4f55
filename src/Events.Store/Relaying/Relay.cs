using System.Diagnostics;
using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Relays committed events to the broker, at least once and in stream order, with the commands that follow from them.
/// Every service runs one; a lock in PostgreSQL lets one be active, and the next takes over when its connection ends.
/// Timers that are due are sent by the active one.
/// </summary>
internal sealed partial class Relay(
    Connections connections,
    RelaySettings settings,
    ILogger<Relay> logger) : BackgroundService
{
    private const long LeaderLock = 0x4A52_4C59;
    private static readonly TimeSpan StandbyPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ActivePoll = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan StayActiveFor = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan DropEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan SleepAtMost = TimeSpan.FromMilliseconds(100);

    private readonly string address = new NpgsqlConnectionStringBuilder(connections.Postgres)
    {
        ApplicationName = $"justrunit-relay-{settings.Service}",
        Pooling = false,
        MaxAutoPrepare = 20,
        AutoPrepareMinUsages = 3,
    }.ConnectionString;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever broke (a server restarted, a connection ended), the events are still there: begin again.
                Log.Interrupted(logger, OneLine.Of(e));
                await PauseAsync(TimeSpan.FromSeconds(1), stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(pause, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the caller looks at the token.
        }
    }

    private async Task LeadAsync(CancellationToken cancellation)
    {
        // Not from the pool: a pooled connection would keep the lock after it is given back, until someone takes it again.
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        while (!await TryLockAsync(connection, cancellation).ConfigureAwait(false))
            await Task.Delay(StandbyPoll, cancellation).ConfigureAwait(false);

        Log.Leading(logger, settings.Service);
        await using var publisher = await Publisher.ConnectAsync(connections.RabbitMq, $"relay-{settings.Service}", cancellation)
            .ConfigureAwait(false);
        // The position may fall back after a crash of the database: events are then relayed twice, which every consumer bears.
        await ExecuteAsync(connection, $"SET synchronous_commit = off; LISTEN {RelayTable.Channel}", cancellation).ConfigureAwait(false);
        var handover = new EventHandover(publisher, connection, logger);
        await handover.SendParkedAsync(cancellation).ConfigureAwait(false);
        var timers = new TimerPump(connection, publisher, logger);
        var reader = new EventReader(connection);
        var position = await RelayTable.ReadPositionAsync(connection, cancellation).ConfigureAwait(false);
        var unconfirmed = new UnconfirmedPages(position);
        var lastEvent = Stopwatch.GetTimestamp();
        var nextTimers = 0L;
        var nextDrop = 0L;
        while (true)
        {
            var events = await reader.ReadAsync(position, cancellation).ConfigureAwait(false);
            if (events.Count > 0)
            {
                position = events[^1].Sequence;
                unconfirmed.Add(position, await handover.StartAsync(events, cancellation).ConfigureAwait(false));
                lastEvent = Stopwatch.GetTimestamp();
            }

            if (await unconfirmed.AdvanceAsync().ConfigureAwait(false))
                await RelayTable.WriteAsync(connection, unconfirmed.Position, sleeping: false, cancellation).ConfigureAwait(false);
            if (Stopwatch.GetTimestamp() >= nextTimers)
            {
                await timers.SendDueAsync(cancellation).ConfigureAwait(false);
                nextTimers = Stopwatch.GetTimestamp() + (long)(SleepAtMost.TotalSeconds * Stopwatch.Frequency);
            }

            if (Stopwatch.GetTimestamp() >= nextDrop)
            {
                await HandledTable.DropOldAsync(connection, cancellation).ConfigureAwait(false);
                nextDrop = Stopwatch.GetTimestamp() + (long)(DropEvery.TotalSeconds * Stopwatch.Frequency);
            }

            if (events.Count == EventReader.PageSize)
                continue;
            if (reader.AtGap || !unconfirmed.IsEmpty || Stopwatch.GetElapsedTime(lastEvent) < StayActiveFor)
                await Task.Delay(ActivePoll, cancellation).ConfigureAwait(false);
            else
                await SleepAsync(connection, reader, position, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Lets the next append wake us; an append that committed between our last look and this is woken by the look here.</summary>
    private static async Task SleepAsync(NpgsqlConnection connection, EventReader reader, long position, CancellationToken cancellation)
    {
        await RelayTable.WriteAsync(connection, position, sleeping: true, cancellation).ConfigureAwait(false);
        if ((await reader.ReadAsync(position, cancellation).ConfigureAwait(false)).Count == 0 && !reader.AtGap)
            await connection.WaitAsync(SleepAtMost, cancellation).ConfigureAwait(false);
    }

    private static async Task<bool> TryLockAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = LeaderLock });
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "relay: {Service} leads")]
        public static partial void Leading(ILogger logger, string service);

        [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "relay: interrupted, beginning again: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
