using System.Globalization;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store.Relaying;

namespace JustRunIt.Events.Store;

/// <summary>
/// Which rows a service's own login may write, where a right to the table is not enough: events that it states, on streams of their kind,
/// which it may begin and lengthen; timers that it hears; messages that its own deciders have handled; snapshots of its own; and what the
/// relay keeps only while its own relay leads. Whoever owns the tables may write every row.
/// </summary>
internal static class RowRights
{
    private const string Schema = StoreSetup.Schema;
    private const string Speakers = $"{Schema}.speakers";
    private const string Owners = $"{Schema}.owners";
    private const string Decider = "decider";
    private const string Timer = "timer";

    /// <summary>
    /// Nothing is looked for where whoever writes would have it be found: a temporary table is found before the catalogue's of its name.
    /// </summary>
    private const string Safely = "SET search_path = pg_catalog, pg_temp";

    /// <summary>How a check begins: it knows the service that writes, or NULL where that is whoever owns the table.</summary>
    private const string Head =
        $"RETURNS trigger LANGUAGE plpgsql {Safely} AS $body$ DECLARE who text := {Schema}.speaker(TG_RELID);";

    /// <summary>Tables with checks, when they are made, and by which function; a check that changes this is given another name.</summary>
    private static readonly (string Table, string Name, string When)[] Checks =
    [
        ("mt_events", "check_speaker", "AFTER INSERT ON {0} REFERENCING NEW TABLE AS added FOR EACH STATEMENT"),
        ("mt_streams", "check_stream", "BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW"),
        ("relay", "check_lead", "BEFORE UPDATE ON {0} FOR EACH ROW"),
        ("timers", "check_timer", "BEFORE INSERT ON {0} FOR EACH ROW"),
        ("timers", "check_leader", "BEFORE DELETE ON {0} FOR EACH STATEMENT"),
        ("handled", "check_handled", "BEFORE INSERT ON {0} FOR EACH ROW"),
        ("handled", "check_leader", "BEFORE DELETE ON {0} FOR EACH STATEMENT"),
        ("parked", "check_leader", "BEFORE INSERT OR DELETE ON {0} FOR EACH STATEMENT"),
        ("parked", "check_parked", "BEFORE UPDATE ON {0} FOR EACH ROW"),
        ("snapshots", "check_snapshot", "BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW"),
    ];

    /// <summary>
    /// Statements that make the checks. A trigger that is there is not made again: that would wait for everybody who appends, and all
    /// others would wait for it.
    /// </summary>
    public static string Ddl { get; } =
        $"""
        CREATE TABLE IF NOT EXISTS {Speakers} (service text NOT NULL, type text NOT NULL, PRIMARY KEY (service, type));
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = '{Speakers}'::regclass AND attname = 'stream') THEN
                ALTER TABLE {Speakers} ADD COLUMN stream text NOT NULL DEFAULT '';
            END IF;
        END $body$;
        DELETE FROM {Speakers};
        INSERT INTO {Speakers} (service, type, stream) VALUES {Values(EventsOfServices())};
        CREATE TABLE IF NOT EXISTS {Owners} (
            service text NOT NULL, what text NOT NULL, name text NOT NULL, PRIMARY KEY (service, what, name));
        DELETE FROM {Owners};
        INSERT INTO {Owners} (service, what, name) VALUES {Values([.. DecidersOfServices(), .. TimersOfServices()])};
        CREATE OR REPLACE FUNCTION {Schema}.speaker(written oid) RETURNS text LANGUAGE sql STABLE {Safely} AS $body$
            SELECT CASE WHEN pg_has_role(session_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = written), 'USAGE') THEN NULL
                ELSE substring(session_user::text from '[^_]*$') END
        $body$;
        CREATE OR REPLACE FUNCTION {Schema}.leads(who text) RETURNS boolean LANGUAGE sql STABLE {Safely} AS $body$
            SELECT EXISTS (SELECT FROM {RelayTable.Name} WHERE id = 1 AND starts_with(holder, who || ' '))
        $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_speaker() {Head}
            refused record;
        BEGIN
            IF who IS NULL THEN
                RETURN NULL;
            END IF;
            SELECT added.type, added.stream_id INTO refused FROM added WHERE NOT EXISTS (
                SELECT FROM {Speakers} AS allowed WHERE allowed.service = who AND allowed.type = added.type
                    AND starts_with(added.stream_id, allowed.stream)) LIMIT 1;
            IF FOUND THEN
                RAISE insufficient_privilege USING MESSAGE =
                    format('%s may not append %s to %s', session_user, refused.type, refused.stream_id);
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_stream() {Head}
        BEGIN
            IF who IS NULL THEN
                RETURN NEW;
            END IF;
            IF NOT EXISTS (SELECT FROM {Speakers} AS allowed WHERE allowed.service = who AND starts_with(NEW.id, allowed.stream)) THEN
                RAISE insufficient_privilege USING MESSAGE = format('%s may not append to %s', session_user, NEW.id);
            END IF;
            IF TG_OP = 'UPDATE' THEN
                IF NEW.id <> OLD.id OR NEW.version < OLD.version THEN
                    RAISE insufficient_privilege USING MESSAGE = format('%s may only append to %s', session_user, OLD.id);
                END IF;
            END IF;
            RETURN NEW;
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_lead() {Head}
        BEGIN
            IF who IS NULL OR (starts_with(NEW.holder, who || ' ')
                AND (NEW.id, NEW.holder, NEW.token) = (OLD.id, OLD.holder, OLD.token)) THEN
                RETURN NEW;
            END IF;
            -- As the lease is taken: once it has run out, or was written before the clock was set back, with the next token.
            IF starts_with(NEW.holder, who || ' ') AND (NEW.id, NEW.token, NEW.position) = (OLD.id, OLD.token + 1, OLD.position)
                AND (OLD.holder = NEW.holder OR OLD.expires <= clock_timestamp()
                    OR OLD.expires > clock_timestamp() + interval '{LeaseMilliseconds} milliseconds') THEN
                RETURN NEW;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s may not change the lead of %s', session_user, OLD.holder);
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_leader() {Head}
        BEGIN
            IF who IS NULL OR {Schema}.leads(who) THEN
                RETURN NULL;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s may not change %s, for it does not lead', session_user, TG_TABLE_NAME);
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_parked() {Head}
        BEGIN
            -- That it is tried again, anybody may ask.
            IF who IS NULL OR {Schema}.leads(who) OR to_jsonb(NEW) - 'replay' = to_jsonb(OLD) - 'replay' THEN
                RETURN NEW;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s may not change %s, for it does not lead', session_user, TG_TABLE_NAME);
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_timer() {Head}
        BEGIN
            IF who IS NULL OR EXISTS (SELECT FROM {Owners} AS allowed WHERE allowed.service = who AND allowed.what = '{Timer}'
                AND starts_with(NEW.timer ->> 'stream', allowed.name)) THEN
                RETURN NEW;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s hears no timer of %s', session_user, NEW.timer ->> 'stream');
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_handled() {Head}
        BEGIN
            IF who IS NULL OR EXISTS (SELECT FROM {Owners} AS allowed WHERE allowed.service = who AND allowed.what = '{Decider}'
                AND allowed.name = NEW.decider) THEN
                RETURN NEW;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s has no decider %s', session_user, NEW.decider);
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_snapshot() {Head}
        BEGIN
            -- Of those without a service's name, which older programs take, nobody reads any.
            IF who IS NULL OR strpos(NEW.kind, '/') = 0 OR starts_with(NEW.kind, who || '/') THEN
                IF TG_OP = 'INSERT' THEN
                    RETURN NEW;
                ELSIF who IS NULL OR (NEW.stream, NEW.kind) = (OLD.stream, OLD.kind) THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s may not take the snapshot %s', session_user, NEW.kind);
        END $body$;
        CREATE OR REPLACE FUNCTION {Schema}.check_owner() {Head}
        BEGIN
            IF who IS NULL OR who = TG_ARGV[0] THEN
                RETURN NULL;
            END IF;
            RAISE insufficient_privilege USING MESSAGE = format('%s may not change %s', session_user, TG_TABLE_NAME);
        END $body$;
        {string.Concat(Checks.Select(check => Make(check.Table, check.Name, check.When, "")))}
        """;

    private static string LeaseMilliseconds => Lease.Length.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    /// <summary>Statements by which one service alone may write a table.</summary>
    public static string OwnedBy(string service, string table) =>
        Make(table, "check_owner", "BEFORE INSERT OR UPDATE OR DELETE ON {0} FOR EACH STATEMENT", $"'{service}'");

    private static string Make(string table, string name, string when, string argument) =>
        $"""
        DO $body$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = '{Schema}.{table}'::regclass AND tgname = '{name}') THEN
                CREATE TRIGGER {name} {when.Replace("{0}", $"{Schema}.{table}", StringComparison.Ordinal)}
                    EXECUTE FUNCTION {Schema}.{name}({argument});
            END IF;
        END $body$;

        """;

    private static string Values(IEnumerable<(string, string, string)> rows) =>
        string.Join(", ", rows.Select(row => $"('{row.Item1}', '{row.Item2}', '{row.Item3}')"));

    private static IEnumerable<(string Service, string Type, string Stream)> EventsOfServices() =>
        Roles.OfServices.SelectMany(role => role.Appends.Select(type => (role.Name, Wire.NameOf(type), StreamKinds.Of(type))));

    /// <summary>Whose a decider is follows from its messages: all of them are heard, or else said, by one service.</summary>
    private static IEnumerable<(string Service, string What, string Name)> DecidersOfServices() =>
        from decider in Deciders.All
        from service in Roles.OfServices
        where Deciders.MessagesOf(decider).All(message => Catalog.Entries.Single(entry => entry.Message == message) is var entry
            && (entry.Consumers.IsEmpty ? entry.Producer == service.Name : entry.Consumers.Contains(service.Name)))
        select (service.Name, Decider, decider.Name);

    /// <summary>As <see cref="Hosting.Messaging.Names.Destination"/> has it.</summary>
    private static IEnumerable<(string Service, string What, string Name)> TimersOfServices() =>
        [(Catalog.Experimenter, Timer, StreamKinds.Matrix), (Catalog.Placement, Timer, StreamKinds.DataCenter)];
}
