using JustRunIt.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>Sends the timers that are due, and deletes each once the broker has it; one that cannot be sent is parked.</summary>
internal sealed class TimerPump(NpgsqlConnection connection, EventHandover handover, ILogger logger)
{
    /// <summary>Sends what is due.</summary>
    /// <param name="isAlone">Whether nothing else is under way, so that it is a timer's fault if the broker ends the channel.</param>
    /// <param name="cancellation">Ends the sending.</param>
    public async Task SendDueAsync(bool isAlone, CancellationToken cancellation)
    {
        var due = new List<(Guid Id, Guid CorrelationId, Guid? CausationId, string Timer)>();
        // now(), not clock_timestamp(): a volatile function could not use the index, and every timer would be read each time.
        await using (var command = new NpgsqlCommand(
            $"""
            SELECT id, correlation_id, causation_id, timer::text FROM {StoreSetup.Schema}.timers
            WHERE due_at <= now() ORDER BY due_at LIMIT 100
            """,
            connection))
        await using (var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                due.Add((
                    reader.GetGuid(0),
                    reader.GetGuid(1),
                    await reader.IsDBNullAsync(2, cancellation).ConfigureAwait(false) ? null : reader.GetGuid(2),
                    reader.GetString(3)));
            }
        }

        foreach (var (id, correlationId, causationId, json) in due)
        {
            var message = OutgoingMessage.Of(id, correlationId, causationId, json, out var timer, out var parked);
            try
            {
                if (message is not null)
                    parked = await handover.SendAloneAsync(message, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (isAlone && EventHandover.IsRefusal(e))
            {
                await handover.ParkTimerAsync(message!.Park(ParkReason.Refused, OneLine.Of(e)), cancellation).ConfigureAwait(false);
                throw;
            }

            if (parked is not null)
            {
                await handover.ParkTimerAsync(parked, cancellation).ConfigureAwait(false);
                continue;
            }

            HandOverLog.Timer(logger, timer!, message!.Headers);
            await using var delete = new NpgsqlCommand($"DELETE FROM {StoreSetup.Schema}.timers WHERE id = $1", connection);
            delete.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await delete.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }
}
