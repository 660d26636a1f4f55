using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// The relay's position, whether it sleeps, and who leads. Only while it sleeps does an append wake it through NOTIFY, because a
/// notification at every commit serializes commits (PostgreSQL manual, NOTIFY) and costs throughput. The lease stands in the row of
/// the position, so that whoever writes the position holds the lease at that very moment, or writes nothing.
/// </summary>
internal static class RelayTable
{
    public const string Name = $"{StoreSetup.Schema}.relay";

    public const string Channel = "justrunit_relay";

    // A column that is there is not added again: even a look by ALTER TABLE waits for every dump, and all appends then wait for it.
    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {Name} (
            id int PRIMARY KEY,
            position bigint NOT NULL,
            sleeping boolean NOT NULL) WITH (fillfactor = 10);
        INSERT INTO {Name} (id, position, sleeping) VALUES (1, 0, true) ON CONFLICT DO NOTHING;
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{Name}'::regclass AND attname = 'token') THEN
                ALTER TABLE {Name}
                    ADD COLUMN holder text NOT NULL DEFAULT '',
                    ADD COLUMN token bigint NOT NULL DEFAULT 0,
                    ADD COLUMN expires timestamptz NOT NULL DEFAULT '-infinity';
            END IF;
        END $body$;
        CREATE OR REPLACE FUNCTION {StoreSetup.Schema}.wake_relay() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, pg_temp AS $body$
        BEGIN
            IF (SELECT sleeping FROM {Name} WHERE id = 1) THEN
                PERFORM pg_notify('{Channel}', '');
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE TRIGGER wake_relay AFTER INSERT ON {StoreSetup.Schema}.mt_events
            FOR EACH STATEMENT EXECUTE FUNCTION {StoreSetup.Schema}.wake_relay();
        """;

    public static async Task<long> ReadPositionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT position FROM {Name} WHERE id = 1", connection);
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    /// <summary>Writes the position, if the lease still holds.</summary>
    /// <exception cref="LeadershipLostException">Somebody else leads; nothing is written.</exception>
    public static async Task WriteAsync(
        NpgsqlConnection connection, Fence fence, long position, bool sleeping, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"UPDATE {Name} SET position = $1, sleeping = $2 WHERE id = 1 AND token = $3 AND holder = $4", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = sleeping });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = fence.Token });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = fence.Holder });
        if (await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false) == 0)
            throw new LeadershipLostException($"token {fence.Token} is no longer the newest");
    }
}
