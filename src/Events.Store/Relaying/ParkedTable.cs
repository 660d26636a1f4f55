using Npgsql;
using NpgsqlTypes;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// Messages that could not be handed over: their type is newer than the program that led, their queue is gone, the broker refuses
/// them. They wait here, seen by an alarm; those that could not be read are handed over by the first leader that can, the others when
/// an operator says so.
/// </summary>
internal static class ParkedTable
{
    public const string Name = $"{StoreSetup.Schema}.parked";

    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {Name} (
            id uuid PRIMARY KEY,
            seq_id bigint,
            wire_name text NOT NULL,
            {Added},
            at timestamptz NOT NULL DEFAULT now());
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{Name}'::regclass AND attname = 'reason') THEN
                DELETE FROM {Name} p WHERE NOT EXISTS (SELECT FROM {StoreSetup.Schema}.mt_events e WHERE e.seq_id = p.seq_id);
                ALTER TABLE {Name} DROP CONSTRAINT parked_pkey;
                ALTER TABLE {Name} ALTER COLUMN seq_id DROP NOT NULL;
                ALTER TABLE {Name} ADD COLUMN id uuid;
                UPDATE {Name} p SET id = e.id FROM {StoreSetup.Schema}.mt_events e WHERE e.seq_id = p.seq_id;
                ALTER TABLE {Name} ADD PRIMARY KEY (id);
                ALTER TABLE {Name} ADD COLUMN {AddedLater};
                UPDATE {Name} p SET stream = e.stream_id, version = e.version
                    FROM {StoreSetup.Schema}.mt_events e WHERE e.seq_id = p.seq_id;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{Name}'::regclass AND attname = 'begun') THEN
                ALTER TABLE {Name} ADD COLUMN begun int NOT NULL DEFAULT 0;
            END IF;
        END $body$;
        """;

    /// <summary>
    /// So often what could not be read is given to the broker without being asked for: the second time alone, since another may have ended
    /// the leader the first time.
    /// </summary>
    private const int MostUnasked = 2;

    private const string Added =
        """
        stream text,
            version bigint,
            queue text,
            reason text NOT NULL DEFAULT 'UnknownType',
            problem text NOT NULL DEFAULT '',
            timer jsonb,
            correlation_id uuid,
            causation_id uuid,
            replay boolean NOT NULL DEFAULT false,
            tries int NOT NULL DEFAULT 0
        """;

    private const string AddedLater =
        """
        stream text, ADD COLUMN version bigint, ADD COLUMN queue text, ADD COLUMN reason text NOT NULL DEFAULT 'UnknownType',
            ADD COLUMN problem text NOT NULL DEFAULT '', ADD COLUMN timer jsonb, ADD COLUMN correlation_id uuid,
            ADD COLUMN causation_id uuid, ADD COLUMN replay boolean NOT NULL DEFAULT false, ADD COLUMN tries int NOT NULL DEFAULT 0
        """;

    private const string Fenced = $"EXISTS (SELECT FROM {RelayTable.Name} WHERE id = 1 AND token = $1 AND holder = $2)";

    /// <summary>Parks a message, if the lease still holds; one that is parked already stays as it is.</summary>
    public static async Task AddAsync(NpgsqlConnection connection, Fence fence, ParkedMessage parked, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            INSERT INTO {Name} (id, seq_id, wire_name, stream, version, queue, reason, problem)
                SELECT $3, $4, $5, $6, $7, $8, $9, $10 WHERE {Fenced} ON CONFLICT DO NOTHING
            """,
            connection);
        Add(command, fence);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = parked.Id });
        command.Parameters.Add(Nullable(parked.Sequence, NpgsqlDbType.Bigint));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parked.WireName });
        command.Parameters.Add(Nullable(parked.Stream, NpgsqlDbType.Text));
        command.Parameters.Add(Nullable(parked.Version, NpgsqlDbType.Bigint));
        command.Parameters.Add(Nullable(parked.Queue, NpgsqlDbType.Text));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{parked.Reason}" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parked.Problem });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Parks a timer that is due, if the lease still holds; it is no timer any more then.</summary>
    public static async Task AddTimerAsync(
        NpgsqlConnection connection, Fence fence, ParkedMessage parked, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            WITH due AS (DELETE FROM {StoreSetup.Schema}.timers WHERE id = $3 AND {Fenced}
                RETURNING id, correlation_id, causation_id, timer)
            INSERT INTO {Name} (id, wire_name, stream, queue, reason, problem, timer, correlation_id, causation_id)
                SELECT id, $4, $5, $6, $7, $8, timer, correlation_id, causation_id FROM due ON CONFLICT DO NOTHING
            """,
            connection);
        Add(command, fence);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = parked.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parked.WireName });
        command.Parameters.Add(Nullable(parked.Stream, NpgsqlDbType.Text));
        command.Parameters.Add(Nullable(parked.Queue, NpgsqlDbType.Text));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"{parked.Reason}" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parked.Problem });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether a message is parked.</summary>
    public static async Task<bool> ContainsAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {Name} WHERE id = $1)", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    /// <summary>What is to be tried again, in the order in which it was appended.</summary>
    /// <param name="connection">The leader's.</param>
    /// <param name="unreadToo">Also what no leader so far could read.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static Task<List<ParkedMessage>> ReadAskedAsync(NpgsqlConnection connection, bool unreadToo, CancellationToken cancellation) =>
        ParkedMessages.ReadAsync(
            connection,
            unreadToo
                ? $"replay OR (reason IN ('{ParkReason.UnknownType}', '{ParkReason.Unreadable}') AND begun < {MostUnasked})"
                : "replay",
            cancellation);

    /// <summary>
    /// Remembers that a message is tried again, before it is: one that ends its leader is not tried for ever. Why it was parked first
    /// stays, since that says what else is to be sent with it.
    /// </summary>
    public static Task BeginAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellation) =>
        ExecuteAsync(
            connection,
            $"UPDATE {Name} SET replay = false, begun = begun + 1, problem = $2 WHERE id = $1",
            id,
            cancellation,
            "it was tried again, and no answer came");

    /// <summary>Remembers why a message that was tried again is still here, beside why it was parked first.</summary>
    public static Task FailAsync(NpgsqlConnection connection, Guid id, string problem, CancellationToken cancellation) =>
        ExecuteAsync(
            connection,
            $"UPDATE {Name} SET replay = false, tries = tries + 1, problem = $2 WHERE id = $1",
            id,
            cancellation,
            problem);

    public static Task RemoveAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellation) =>
        ExecuteAsync(connection, $"DELETE FROM {Name} WHERE id = $1", id, cancellation);

    /// <summary>A parked timer, and what it follows from.</summary>
    public static async Task<(string Json, Guid CorrelationId, Guid? CausationId)?> ReadTimerAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT timer::text, correlation_id, causation_id FROM {Name} WHERE id = $1 AND timer IS NOT NULL", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ? (reader.GetString(0),
                reader.GetGuid(1),
                await reader.IsDBNullAsync(2, cancellation).ConfigureAwait(false) ? null : reader.GetGuid(2))
            : null;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, Guid id, CancellationToken cancellation, params string[] texts)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        foreach (var text in texts)
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    private static void Add(NpgsqlCommand command, Fence fence)
    {
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = fence.Token });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = fence.Holder });
    }

    private static NpgsqlParameter Nullable(object? value, NpgsqlDbType type) =>
        new() { NpgsqlDbType = type, Value = value ?? DBNull.Value };
}
