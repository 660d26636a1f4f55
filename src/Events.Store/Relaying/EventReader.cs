using System.Diagnostics;
using System.Text;
using JustRunIt.Events.Deciding;
using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Reads committed events in sequence order without ever passing one that is not committed yet. Sequence numbers are drawn before
/// commit, so a gap is either a transaction in flight or one that was rolled back; the reader stops at a gap until every transaction
/// that may still fill it has ended (<see cref="SequenceHolders"/>).
/// </summary>
internal sealed class EventReader(NpgsqlConnection connection)
{
    public const int PageSize = 500;

    private readonly SequenceHolders holders = new(connection);
    private long gapAfter = -1;
    private long gapSeenAt;

    /// <summary>Whether the last page ended at a gap that may still be filled.</summary>
    public bool AtGap { get; private set; }

    /// <summary>How long the last page's gap has been waited at.</summary>
    public TimeSpan WaitedAtGap => AtGap ? Stopwatch.GetElapsedTime(gapSeenAt) : TimeSpan.Zero;

    /// <summary>Whose end is waited for: processes of the database's server, or prepared transactions.</summary>
    public IReadOnlyCollection<string> WaitedFor => holders.Names;

    /// <summary>The events after <paramref name="position"/> that may be relayed now.</summary>
    public async Task<List<RecordedEvent>> ReadAsync(long position, CancellationToken cancellation)
    {
        // Asked before the page is read: what was committed by then is in it.
        var gapIsFinal = gapAfter == position && await holders.HaveEndedAsync(cancellation).ConfigureAwait(false);
        var page = await ReadPageAsync(position, cancellation).ConfigureAwait(false);
        AtGap = false;
        var expected = position + 1;
        for (var i = 0; i < page.Count; i++)
        {
            if (page[i].Sequence != expected && !(i == 0 && gapIsFinal))
            {
                var lastSequence = i == 0 ? position : page[i - 1].Sequence;
                if (gapAfter != lastSequence)
                {
                    gapSeenAt = Stopwatch.GetTimestamp();
                    // Asked after a later number was seen: the missing ones were drawn before.
                    await holders.RememberAsync(cancellation).ConfigureAwait(false);
                    gapAfter = lastSequence;
                }

                AtGap = true;
                return page[..i];
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
}
