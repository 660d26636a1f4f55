namespace JustRunIt.Events.Store;

/// <summary>
/// What the database's roles may do besides the owner of the tables, who makes them. Services append: they insert events, and change
/// or delete none. Each may append only the events of its own role in <see cref="JustRunIt.Events.Authority.Roles"/>, and write only rows
/// of its own (<see cref="RowRights"/>): a relay hands over whatever stands on the streams, so that who appends an event is who states it.
/// Roles that are not there are granted nothing; then whoever has the tables is the only one.
/// </summary>
internal static class DatabaseRoles
{
    /// <summary>Those who append; a service's login is a member, whose name ends with an underscore and the service's.</summary>
    public const string Append = "justrunit_append";

    /// <summary>Those who read.</summary>
    public const string Read = "justrunit_read";

    /// <summary>Statements that grant it, for all tables that there are; the same again changes nothing.</summary>
    public static string Ddl { get; } =
        $"""
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
                        -- Who may do nothing but read does not see its keys (PostgreSQL, information_schema.table_constraints), and
                        -- takes the schema for another version's.
                        WHEN 'mt_event_progression' THEN 'SELECT, REFERENCES'
                        WHEN 'speakers' THEN 'SELECT'
                        WHEN 'owners' THEN 'SELECT'
                        WHEN 'relay' THEN 'SELECT, UPDATE'
                        -- Written by a trigger, in its owner's name.
                        WHEN 'chain' THEN 'SELECT'
                        WHEN 'leaves' THEN 'SELECT, INSERT'
                        WHEN 'tree' THEN 'SELECT, UPDATE'
                        WHEN 'timers' THEN 'SELECT, INSERT, DELETE'
                        WHEN 'handled' THEN 'SELECT, INSERT, DELETE'
                        WHEN 'snapshots' THEN 'SELECT, INSERT, UPDATE'
                        ELSE 'SELECT, INSERT, UPDATE, DELETE' END, item.name);
                END LOOP;
            END IF;
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{Read}') THEN
                GRANT USAGE ON SCHEMA {StoreSetup.Schema} TO {Read};
                GRANT SELECT ON ALL TABLES IN SCHEMA {StoreSetup.Schema} TO {Read};
            END IF;
        END $body$;
        """;
}
