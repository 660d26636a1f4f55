using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>Sends the timers that are due, and deletes each once the broker has it.</summary>
internal sealed class TimerPump(NpgsqlConnection connection, Publisher publisher, ILogger logger)
{
    public async Task SendDueAsync(CancellationToken cancellation)
    {
        var due = new List<(Guid Id, Guid CorrelationId, Guid? CausationId, TimerElapsed Timer)>();
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
                    await reader.IsDBNullAsync(2, cancellation).ConfigureAwait(false) ? (Guid?)null : reader.GetGuid(2),
                    JsonSerializer.Deserialize<TimerElapsed>(reader.GetString(3), Wire.Json)!));
            }
        }

        foreach (var (id, correlationId, causationId, timer) in due)
        {
            var headers = new MessageHeaders(id, correlationId, timer.DueAt, timer.Stream, 0, causationId);
            await publisher.SendAsync(timer, headers, cancellation).ConfigureAwait(false);
            HandOverLog.Timer(logger, timer, headers);
            await using var delete = new NpgsqlCommand($"DELETE FROM {StoreSetup.Schema}.timers WHERE id = $1", connection);
            delete.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await delete.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }
}
