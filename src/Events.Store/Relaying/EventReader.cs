using System.Text;
using JustRunIt.Events.Deciding;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Reads committed events in sequence order without ever passing one that is not committed yet. Sequence numbers are
/// drawn before commit, so a gap is either a transaction in flight or one that was rolled back; the reader stops at a gap
/// until every transaction that had begun when the gap was seen has ended.
/// </summary>
internal sealed class EventReader(NpgsqlConnection connection)
{
    public const int PageSize = 500;

    private long gapAfter = -1;
    private DateTime gapSeenAt;

    /// <summary>Whether the last page ended at a gap that may still be filled.</summary>
    public bool AtGap { get; private set; }

    /// <summary>The events after <paramref name="position"/> that may be relayed now.</summary>
    public async Task<List<RecordedEvent>> ReadAsync(long position, CancellationToken cancellation)
    {
        var gapIsFinal = gapAfter == position && await TransactionsEndedAsync(cancellation).ConfigureAwait(false);
        var page = await ReadPageAsync(position, cancellation).ConfigureAwait(false);
        AtGap = false;
        var expected = position + 1;
        for (var i = 0; i < page.Count; i++)
        {
            if (page[i].Sequence != expected && !(i == 0 && gapIsFinal))
            {
                var before = page[..i];
                var lastSequence = i == 0 ? position : page[i - 1].Sequence;
                if (gapAfter != lastSequence)
                {
                    gapAfter = lastSequence;
                    gapSeenAt = await DatabaseClockAsync(cancellation).ConfigureAwait(false);
                }

                AtGap = true;
                return before;
            }

            expected = page[i].Sequence + 1;
        }

        return page;
    }

    private Task<List<RecordedEvent>> ReadPageAsync(long position, CancellationToken cancellation) =>
        ReadAsync(connection, $"seq_id > $1 ORDER BY seq_id LIMIT {PageSize}", position, cancellation);

    /// <summary>The event of a sequence number; null when there is none.</summary>
    public static async Task<RecordedEvent?> ReadOneAsync(NpgsqlConnection connection, long sequence, CancellationToken cancellation)
    {
        var found = await ReadAsync(connection, "seq_id = $1", sequence, cancellation).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    private static async Task<List<RecordedEvent>> ReadAsync(
        NpgsqlConnection connection, string condition, long sequence, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT seq_id, id, stream_id, version, type, data::text, timestamp, correlation_id, causation_id,
                headers IS NULL OR NOT jsonb_exists(headers, '{DecisionRecord.Header}')
            FROM {StoreSetup.Schema}.mt_events WHERE {condition}
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sequence });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var page = new List<RecordedEvent>();
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
        {
            page.Add(new RecordedEvent(
                reader.GetInt64(0),
                reader.GetGuid(1),
                reader.GetString(2),
                reader.GetInt64(3),
                reader.GetString(4),
                Encoding.UTF8.GetBytes(reader.GetString(5)),
                reader.GetDateTime(6).ToUniversalTime(),
                ReadId(reader, 7) ?? reader.GetGuid(1),
                ReadId(reader, 8),
                reader.GetBoolean(9)));
        }

        return page;
    }

    private static Guid? ReadId(NpgsqlDataReader reader, int column) =>
        !reader.IsDBNull(column) && Guid.TryParse(reader.GetString(column), out var id) ? id : null;

    private async Task<bool> TransactionsEndedAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND backend_type = 'client backend'
                AND pid <> pg_backend_pid() AND xact_start <= $1)
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = gapSeenAt });
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private async Task<DateTime> DatabaseClockAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
        return (DateTime)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }
}
