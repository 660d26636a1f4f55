using System.Globalization;
using JustRunIt.Events.Auditing.Seals;

namespace JustRunIt.Events.Store.Sealing;

/// <summary>
/// The hash of each event, over its bytes and its predecessor's hash (<see cref="ChainLink"/>): made in the transaction of the append, for
/// which appends to one stream wait anyway, and by the table's owner, so that nobody who appends may write a hash.
/// </summary>
internal static class ChainTable
{
    public const string Name = $"{StoreSetup.Schema}.chain";

    private const string Events = $"{StoreSetup.Schema}.mt_events";

    /// <summary>
    /// Statements that make it. Whoever appends for the first time to a stream that is older finds its predecessors without hashes, and
    /// makes those first; what was there before is hashed when the table is made.
    /// </summary>
    public static string Ddl { get; } =
        $"""
        DO $body$ BEGIN
            IF to_regclass('{Name}') IS NULL THEN
                CREATE TABLE IF NOT EXISTS {Name} (seq_id bigint PRIMARY KEY, canonical bytea NOT NULL, hash bytea NOT NULL)
                    WITH (toast_tuple_target = 128);
                -- Compressed in its place: what an append writes is what it waits for.
                ALTER TABLE {Name} ALTER COLUMN canonical SET STORAGE MAIN;
                BEGIN
                    EXECUTE 'ALTER TABLE {Name} ALTER COLUMN canonical SET COMPRESSION lz4';
                EXCEPTION WHEN feature_not_supported OR syntax_error OR invalid_parameter_value THEN
                    -- A server that was built without it, or is older than 14, has its own.
                    NULL;
                END;
            END IF;
        END $body$;
        CREATE OR REPLACE FUNCTION {StoreSetup.Schema}.chain_stream(of_stream varchar, up_to bigint) RETURNS bytea LANGUAGE plpgsql
            SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            before bytea := {NoPredecessor};
            item record;
        BEGIN
            FOR item IN SELECT e.*, c.hash AS there FROM {Events} AS e LEFT JOIN {Name} AS c ON c.seq_id = e.seq_id
                WHERE e.stream_id = of_stream AND e.version <= up_to ORDER BY e.version
            LOOP
                IF item.there IS NULL THEN
                    INSERT INTO {Name} (seq_id, canonical, hash) VALUES (
                        item.seq_id, {Canonical("item")}, sha256(before || {Canonical("item")})) RETURNING hash INTO before;
                ELSE
                    before := item.there;
                END IF;
            END LOOP;
            RETURN before;
        END $body$;
        CREATE OR REPLACE FUNCTION {StoreSetup.Schema}.chain_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            before bytea := {NoPredecessor};
            bytes bytea := {Canonical("NEW")};
        BEGIN
            IF NEW.version > 1 THEN
                SELECT c.hash INTO before FROM {Events} AS e JOIN {Name} AS c ON c.seq_id = e.seq_id
                    WHERE e.stream_id = NEW.stream_id AND e.version = NEW.version - 1;
                IF NOT FOUND THEN
                    before := {StoreSetup.Schema}.chain_stream(NEW.stream_id, NEW.version - 1);
                END IF;
            END IF;
            INSERT INTO {Name} (seq_id, canonical, hash) VALUES (NEW.seq_id, bytes, sha256(before || bytes)) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $body$;
        REVOKE ALL ON FUNCTION {StoreSetup.Schema}.chain_stream(varchar, bigint) FROM PUBLIC;
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '{Events}'::regclass AND tgname = 'chain_event') THEN
                CREATE TRIGGER chain_event AFTER INSERT ON {Events} FOR EACH ROW EXECUTE FUNCTION {StoreSetup.Schema}.chain_event();
                PERFORM {StoreSetup.Schema}.chain_stream(id, version) FROM {StoreSetup.Schema}.mt_streams;
            END IF;
        END $body$;
        """;

    /// <summary>What is hashed before the first event of a stream.</summary>
    private static string NoPredecessor => $"decode('{new string('0', 64)}', 'hex')";

    /// <summary>An event's time as it is hashed: in UTC, to the microsecond.</summary>
    /// <param name="row">What an event's row is called.</param>
    public static string At(string row) => $"""to_char({row}.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""";

    /// <summary>
    /// The bytes of an event's canonical form (<see cref="CanonicalEvent"/>). Whoever verifies gives the whole expression, and trusts no
    /// function of the database's owner.
    /// </summary>
    /// <param name="row">What an event's row is called.</param>
    public static string Canonical(string row) => string.Create(CultureInfo.InvariantCulture, $$"""
        convert_to(json_build_object('format', '{{CanonicalEvent.Format}}', 'sequence', {{row}}.seq_id, 'id', {{row}}.id,
            'stream', {{row}}.stream_id, 'version', {{row}}.version, 'type', {{row}}.type, 'at', {{At(row)}},
            'causation', {{row}}.causation_id, 'correlation', {{row}}.correlation_id, 'headers', {{row}}.headers,
            'data', {{row}}.data)::text, 'UTF8')
        """);
}
