using System.Diagnostics;
using System.Text.Json;
using JustRunIt.Events.Messaging;
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
                Log.Interrupted(logger, e.Message);
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
        await using var publisher = await Publisher.ConnectAsync(connections.RabbitMq, $"relay-{settings.Service}", cancellation).ConfigureAwait(false);
        // The position may fall back after a crash of the database: events are then relayed twice, which every consumer bears.
        await ExecuteAsync(connection, $"SET synchronous_commit = off; LISTEN {RelayTable.Channel}", cancellation).ConfigureAwait(false);
        var timers = new TimerPump(connection, publisher);
        var reader = new EventReader(connection);
        var position = await RelayTable.ReadPositionAsync(connection, cancellation).ConfigureAwait(false);
        var unconfirmed = new UnconfirmedPages(position);
        var lastEvent = Stopwatch.GetTimestamp();
        var nextTimers = 0L;
        while (true)
        {
            var events = await reader.ReadAsync(position, cancellation).ConfigureAwait(false);
            if (events.Count > 0)
            {
                position = events[^1].Sequence;
                unconfirmed.Add(position, await StartPublishingAsync(publisher, events, cancellation).ConfigureAwait(false));
                lastEvent = Stopwatch.GetTimestamp();
            }

            if (await unconfirmed.AdvanceAsync().ConfigureAwait(false))
                await RelayTable.WriteAsync(connection, unconfirmed.Position, sleeping: false, cancellation).ConfigureAwait(false);
            if (Stopwatch.GetTimestamp() >= nextTimers)
            {
                await timers.SendDueAsync(cancellation).ConfigureAwait(false);
                nextTimers = Stopwatch.GetTimestamp() + (long)(SleepAtMost.TotalSeconds * Stopwatch.Frequency);
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

    /// <summary>Hands events to the broker in order, without waiting for it.</summary>
    /// <returns>Ends when the broker has confirmed all.</returns>
    private static async Task<Task> StartPublishingAsync(Publisher publisher, List<RecordedEvent> events, CancellationToken cancellation)
    {
        // Started in order on one channel, so the broker sees them in order; the confirms are awaited together.
        var confirms = new List<Task>(events.Count);
        foreach (var recorded in events)
        {
            var headers = new MessageHeaders(recorded.Id, recorded.CorrelationId, recorded.AtUtc, recorded.Stream, recorded.Version);
            if (Wire.TypeOf(recorded.WireName) is not { } type)
                continue;
            confirms.Add(publisher.PublishAsync(recorded.WireName, recorded.Json, headers, cancellation).AsTask());
            if (!CommandSources.Contains(type))
                continue;
            var @event = (IDomainEvent)JsonSerializer.Deserialize(recorded.Json, type, Wire.Json)!;
            foreach (var command in Consequences.CommandsOf(@event, recorded.Id))
            {
                // Declared before anything later is started: no later command may overtake this one.
                await publisher.DeclareAsync(command, cancellation).ConfigureAwait(false);
                var id = DeterministicId.From(recorded.Id, Wire.NameOf(command.GetType()));
                confirms.Add(publisher.SendAsync(command, headers with { Id = id }, cancellation).AsTask());
            }
        }

        return Task.WhenAll(confirms);
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
        [LoggerMessage(Level = LogLevel.Information, Message = "relay: {Service} leads")]
        public static partial void Leading(ILogger logger, string service);

        [LoggerMessage(Level = LogLevel.Warning, Message = "relay: interrupted, beginning again: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);
    }
}
