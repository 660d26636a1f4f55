using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Store;

/// <summary>
/// What the database's roles may do besides the owner of the tables, who makes them. Services append: they insert events, and change
/// or delete none. Each may append only the events of its own role in <see cref="Roles"/>: a relay hands over whatever stands on the
/// streams, so that who appends an event is who states it. Roles that are not there are granted nothing; then whoever has the tables is
/// the only one.
/// </summary>
internal static class DatabaseRoles
{
    /// <summary>Those who append; a service's login is a member, whose name ends with an underscore and the service's.</summary>
    public const string Append = "justrunit_append";

    /// <summary>Those who read.</summary>
    public const string Read = "justrunit_read";

    private const string SpeakersTable = $"{StoreSetup.Schema}.speakers";

    /// <summary>
    /// Statements that grant it, for all tables that there are; the same again changes nothing. The check looks for nothing where whoever
    /// inserts would have it look: a temporary table is found before the catalogue's of the same name.
    /// </summary>
    public static string Ddl { get; } =
        $"""
        CREATE TABLE IF NOT EXISTS {SpeakersTable} (service text NOT NULL, type text NOT NULL, PRIMARY KEY (service, type));
        DELETE FROM {SpeakersTable};
        INSERT INTO {SpeakersTable} (service, type) VALUES {Speakers()};
        CREATE OR REPLACE FUNCTION {StoreSetup.Schema}.check_speaker() RETURNS trigger LANGUAGE plpgsql
            SET search_path = pg_catalog, pg_temp AS $body$
        DECLARE
            refused text;
        BEGIN
            IF pg_has_role(session_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'USAGE') THEN
                RETURN NULL;
            END IF;
            SELECT added.type INTO refused FROM added WHERE NOT EXISTS (
                SELECT FROM {SpeakersTable} AS allowed
                WHERE allowed.type = added.type AND allowed.service = substring(session_user::text from '[^_]*$')) LIMIT 1;
            IF refused IS NOT NULL THEN
                RAISE insufficient_privilege USING MESSAGE = format('%s may not append %s', session_user, refused);
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE TRIGGER check_speaker AFTER INSERT ON {StoreSetup.Schema}.mt_events
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {StoreSetup.Schema}.check_speaker();
        DO $body$
        DECLARE
            item record;
        BEGIN
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{Append}') THEN
                GRANT USAGE ON SCHEMA {StoreSetup.Schema} TO {Append};
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA {StoreSetup.Schema} TO {Append};
                FOR item IN SELECT tablename AS name FROM pg_tables WHERE schemaname = '{StoreSetup.Schema}' LOOP
                    EXECUTE format('REVOKE ALL ON {StoreSetup.Schema}.%I FROM {Append}', item.name);
                    EXECUTE format('GRANT %s ON {StoreSetup.Schema}.%I TO {Append}', CASE item.name
                        WHEN 'mt_events' THEN 'SELECT, INSERT'
                        WHEN 'mt_streams' THEN 'SELECT, INSERT, UPDATE'
                        WHEN 'speakers' THEN 'SELECT'
                        ELSE 'SELECT, INSERT, UPDATE, DELETE' END, item.name);
                END LOOP;
            END IF;
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{Read}') THEN
                GRANT USAGE ON SCHEMA {StoreSetup.Schema} TO {Read};
                GRANT SELECT ON ALL TABLES IN SCHEMA {StoreSetup.Schema} TO {Read};
            END IF;
        END $body$;
        """;

    private static string Speakers() => string.Join(
        ", ",
        Roles.OfServices.SelectMany(role => role.Appends.Select(type => $"('{role.Name}', '{Wire.NameOf(type)}')")));
}
