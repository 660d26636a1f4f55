using Npgsql;

namespace JustRunIt.Events.Store.Relaying;

/// <summary>
/// The relay's position, and whether it sleeps: only then does an append wake it through NOTIFY, because a notification
/// at every commit serializes commits (PostgreSQL manual, NOTIFY) and costs throughput.
/// </summary>
internal static class RelayTable
{
    public const string Channel = "justrunit_relay";

    public const string Ddl =
        $"""
        CREATE TABLE IF NOT EXISTS {StoreSetup.Schema}.relay (
            id int PRIMARY KEY,
            position bigint NOT NULL,
            sleeping boolean NOT NULL) WITH (fillfactor = 10);
        INSERT INTO {StoreSetup.Schema}.relay (id, position, sleeping) VALUES (1, 0, true) ON CONFLICT DO NOTHING;
        CREATE OR REPLACE FUNCTION {StoreSetup.Schema}.wake_relay() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF (SELECT sleeping FROM {StoreSetup.Schema}.relay WHERE id = 1) THEN
                PERFORM pg_notify('{Channel}', '');
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE TRIGGER wake_relay AFTER INSERT ON {StoreSetup.Schema}.mt_events
            FOR EACH STATEMENT EXECUTE FUNCTION {StoreSetup.Schema}.wake_relay();
        """;

    public static async Task<long> ReadPositionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"SELECT position FROM {StoreSetup.Schema}.relay WHERE id = 1", connection);
        return (long)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    public static async Task WriteAsync(NpgsqlConnection connection, long position, bool sleeping, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"UPDATE {StoreSetup.Schema}.relay SET position = $1, sleeping = $2 WHERE id = 1", connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = sleeping });
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
