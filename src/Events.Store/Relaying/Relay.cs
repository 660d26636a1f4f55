using JustRunIt.Hosting.Logging;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Relays committed events to the broker, at least once and in stream order, with the commands that follow from them.
/// Every service runs one; a lease in PostgreSQL lets one be active, and the next takes over when it is given back or runs out.
/// Timers that are due are sent by the active one.
/// </summary>
internal sealed partial class Relay(
    Connections connections,
    RelaySettings settings,
    RelayMeter meter,
    ILogger<Relay> logger) : BackgroundService
{
    private static readonly TimeSpan StandbyPoll = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly string holder =
        $"{settings.Service} {Environment.MachineName}/{Environment.ProcessId} {Guid.NewGuid().ToString("N")[..8]}";

    private readonly string address = Patience.OfRelay(connections.Postgres, $"justrunit-relay-{settings.Service}");
    private readonly Suspicion suspicion = new();
    private readonly RepeatedNews interruptions = new(every: TimeSpan.FromSeconds(30));

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ServeAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever broke (a server restarted, a connection ended), the events are still there: begin again.
                interruptions.Tell(e, reason => Log.Interrupted(logger, reason));
                await PauseAsync(stoppingToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task PauseAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the caller looks at the token.
        }
    }

    /// <summary>Stands by with both connections open, since whoever could not relay shall not lead; leads once the lease is free.</summary>
    private async Task ServeAsync(CancellationToken cancellation)
    {
        await using var publisher = await Publisher.ConnectAsync(
            connections.Relay ?? connections.RabbitMq, $"relay-{settings.Service}", cancellation).ConfigureAwait(false);
        publisher.BlockedChanged += OnBlockedChanged;
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        Lease? lease;
        while ((lease = await Lease.TryTakeAsync(connection, holder, cancellation).ConfigureAwait(false)) is null)
        {
            await Task.Delay(StandbyPoll, cancellation).ConfigureAwait(false);
            if (!publisher.IsOpen)
                throw new InvalidOperationException("the broker has ended the connection");
        }

        await using (lease)
        {
            Log.Leading(logger, settings.Service, lease.Fence.Token);
            try
            {
                meter.Leads = true;
                using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lease.Lost);
                await new Leader(address, publisher, lease, suspicion, meter, logger).RunAsync(both.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is LeadershipLostException || !lease.IsHeld)
            {
                // Nothing that was written but has not left this machine may leave it now.
                publisher.Abandon();
                Log.NoLongerLeads(logger, settings.Service, lease.Fence.Token, lease.EndedFor(e));
            }
            catch (Exception e) when (EventHandover.IsRefusal(e))
            {
                // The lease is kept, for the next to lead knows nothing of the suspicion.
                throw;
            }
            catch
            {
                await lease.ReleaseAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                meter.Leads = false;
                meter.Blocked = false;
            }
        }
    }

    private void OnBlockedChanged(string? reason)
    {
        meter.Blocked = reason is not null;
        if (reason is not null)
            Log.Blocked(logger, OneLine.Of(reason));
        else
            Log.Unblocked(logger);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "relay: {Service} leads, with token {Token}")]
        public static partial void Leading(ILogger logger, string service, long token);

        [LoggerMessage(EventId = 1102, Level = LogLevel.Warning, Message = "relay: interrupted, beginning again: {Reason}")]
        public static partial void Interrupted(ILogger logger, string reason);

        [LoggerMessage(EventId = 1112, Level = LogLevel.Warning, Message = "relay: {Service} no longer leads with token {Token}: {Reason}")]
        public static partial void NoLongerLeads(ILogger logger, string service, long token, string reason);

        [LoggerMessage(EventId = 1113, Level = LogLevel.Warning, Message = "relay: the broker takes nothing, and is waited for: {Reason}")]
        public static partial void Blocked(ILogger logger, string reason);

        [LoggerMessage(EventId = 1114, Level = LogLevel.Information, Message = "relay: the broker takes messages again")]
        public static partial void Unblocked(ILogger logger);
    }
}
