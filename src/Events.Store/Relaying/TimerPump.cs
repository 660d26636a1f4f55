using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Sends the timers that are due, and deletes each once the broker has it; one that cannot be sent is parked. They are sent side by side,
/// and what the broker does not take at once is looked at again in a later pass: a queue that is full holds up no event.
/// </summary>
internal sealed class TimerPump(NpgsqlConnection connection, EventHandover handover, ILogger logger)
{
    private const int MostAtOnce = 100;

    private readonly SideBySide<UnderWay, ParkedMessage?> underWay = new();

    /// <summary>Whether the broker has not answered for all that were sent.</summary>
    public bool AreUnderWay => underWay.Count > 0;

    /// <summary>Sends what is due, and does not wait for the broker: events go on meanwhile.</summary>
    public async Task SendDueAsync(CancellationToken cancellation)
    {
        if (underWay.Count >= MostAtOnce)
            return;
        foreach (var row in await ReadAsync(cancellation).ConfigureAwait(false))
        {
            var message = Read(row, out var timer, out var parked);
            if (message is null)
            {
                await handover.ParkTimerAsync(parked!, cancellation).ConfigureAwait(false);
                continue;
            }

            await handover.PrepareAsync(message, cancellation).ConfigureAwait(false);
            underWay.Add(new UnderWay(row.Id, timer!, message), handover.SendPreparedAsync(message, cancellation));
        }
    }

    /// <summary>Deletes, all at once, those that the broker has answered for.</summary>
    public async Task EndSentAsync(CancellationToken cancellation)
    {
        if (underWay.Count == 0)
            return;
        var ended = new List<UnderWay>();
        foreach (var (timer, sent) in underWay.TakeEnded())
        {
            if (await sent.ConfigureAwait(false) is { } parked)
                await handover.ParkTimerAsync(parked, cancellation).ConfigureAwait(false);
            else
                ended.Add(timer);
        }

        await EndAsync(ended, cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends what is due one by one, while nothing else is under way, so that it is a timer's fault if the broker ends the channel. What is
    /// left after a while is sent with all others.
    /// </summary>
    public async Task SendDueAloneAsync(CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        foreach (var row in await ReadAsync(cancellation).ConfigureAwait(false))
        {
            if (TimeProvider.System.GetElapsedTime(began) > EventHandover.AtMostAlone)
                return;
            var message = Read(row, out var timer, out var parked);
            try
            {
                if (message is not null)
                    parked = await handover.SendAloneAsync(message, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (EventHandover.IsRefusal(e))
            {
                await handover.ParkTimerAsync(message!.Park(ParkReason.Refused, OneLine.Of(e)), cancellation).ConfigureAwait(false);
                throw;
            }

            if (parked is not null)
                await handover.ParkTimerAsync(parked, cancellation).ConfigureAwait(false);
            else
                await EndAsync([new UnderWay(row.Id, timer!, message!)], cancellation).ConfigureAwait(false);
        }
    }

    private static OutgoingMessage? Read(Row row, out TimerElapsed? timer, out ParkedMessage? parked) =>
        OutgoingMessage.Of(row.Id, row.CorrelationId, row.CausationId, row.Timer, out timer, out parked);

    private async Task EndAsync(IReadOnlyCollection<UnderWay> sent, CancellationToken cancellation)
    {
        if (sent.Count == 0)
            return;
        foreach (var timer in sent)
            HandOverLog.Timer(logger, timer.Timer, timer.Message.Headers);
        await using var delete = new NpgsqlCommand($"DELETE FROM {StoreSetup.Schema}.timers WHERE id = ANY($1)", connection);
        delete.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. sent.Select(timer => timer.Id)] });
        await delete.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>What is due and not under way.</summary>
    private async Task<List<Row>> ReadAsync(CancellationToken cancellation)
    {
        // now(), not clock_timestamp(): a volatile function could not use the index, and every timer would be read each time.
        await using var command = new NpgsqlCommand(
            $"""
            SELECT id, correlation_id, causation_id, timer::text FROM {StoreSetup.Schema}.timers
            WHERE due_at <= now() AND NOT id = ANY($1) ORDER BY due_at LIMIT $2
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. underWay.Keys.Select(timer => timer.Id)] });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostAtOnce - underWay.Count });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var due = new List<Row>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            due.Add(new Row(
                reader.GetGuid(0),
                reader.GetGuid(1),
                await reader.IsDBNullAsync(2, cancellation).ConfigureAwait(false) ? null : reader.GetGuid(2),
                reader.GetString(3)));
        }

        return due;
    }

    private sealed record Row(Guid Id, Guid CorrelationId, Guid? CausationId, string Timer);

    private sealed record UnderWay(Guid Id, TimerElapsed Timer, OutgoingMessage Message);
}
