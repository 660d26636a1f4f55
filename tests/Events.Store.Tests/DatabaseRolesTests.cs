using JustRunIt.Events.Auditing;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Store.History;
using JustRunIt.Hosting.Configuration;
using Marten;
using Npgsql;
using static JustRunIt.Events.Store.Tests.RolesScene;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// Each of a database's roles tries everything: the owner makes the schema, services append what is theirs and change nothing, and an
/// auditor reads.
/// </summary>
public sealed class DatabaseRolesTests(RolesServer server) : IClassFixture<RolesServer>, IAsyncLifetime
{
    private readonly RolesScene scene = new(server);

    public Task InitializeAsync() => scene.InitializeAsync();

    public Task DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Each_role_does_what_is_its_own_and_nothing_else()
    {
        // Before its owner has made it, nobody else can, and a service says so.
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => scene.SetUpAsync("justrunit_monitor"));
        Assert.Equal(
            "environment: JUSTRUNIT_POSTGRES: the schema justrunit may not be made by this user; its owner makes it by --schema",
            error.Message);
        error = await Assert.ThrowsAsync<ConfigurationException>(() => scene.StartAsync("justrunit_monitor"));
        Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: the schema justrunit lacks ", error.Message);
        await scene.SetUpAsync(Owner);
        // Again, as after an update.
        await scene.SetUpAsync(Owner);
        await scene.StartAsync("justrunit_monitor");
        await scene.StartAsync(Owner);

        await scene.BeginStreamsAsync();
        var all = Roles.OfServices.SelectMany(role => role.Appends).ToList();
        foreach (var role in Roles.OfServices)
        {
            foreach (var type in all)
            {
                var can = await scene.CanAsync(LoginOf(role.Name), Insert, Wire.NameOf(type), $"{StreamKinds.Of(type)}one");
                Assert.True(role.Appends.Contains(type) == can, $"{role.Name}, {type.Name}");
            }
        }

        foreach (var login in (string[])[.. ServiceLogins, RolesScene.Auditor])
        {
            Assert.True(await scene.CanAsync(login, $"SELECT FROM {EventTable}"), login);
            foreach (var statement in (string[])[
                $"UPDATE {EventTable} SET data = '{{}}'", $"DELETE FROM {EventTable}", $"TRUNCATE {EventTable}",
                "TRUNCATE justrunit.mt_streams CASCADE",
                "DELETE FROM justrunit.mt_streams", "DELETE FROM justrunit.snapshots", "DELETE FROM justrunit.relay",
                "UPDATE justrunit.timers SET due_at = now()", "UPDATE justrunit.handled SET at = now()",
                $"ALTER TABLE {EventTable} DISABLE TRIGGER ALL", $"DROP TABLE {EventTable} CASCADE",
                "INSERT INTO justrunit.speakers VALUES ('monitor', 'justrunit.migration-started.v2')", "DELETE FROM justrunit.speakers",
                "INSERT INTO justrunit.owners VALUES ('monitor', 'timer', 'datacenter-')", "DELETE FROM justrunit.owners",
                "CREATE OR REPLACE FUNCTION justrunit.speaker(oid) RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
                "CREATE OR REPLACE FUNCTION justrunit.check_speaker() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TABLE justrunit.mine ()", "CREATE TEMP TABLE mine ()",
                "SET ROLE justrunit", "SET session_replication_role = replica"])
            {
                Assert.False(await scene.CanAsync(login, statement), $"{login} could {statement}");
            }
        }

        const string begin = "INSERT INTO justrunit.mt_streams (id, tenant_id) VALUES ('policy-two', 'x')";
        Assert.False(await scene.CanAsync(RolesScene.Auditor, begin));
        Assert.False(await scene.CanAsync(RolesScene.Auditor, "UPDATE justrunit.relay SET position = 0"));
        Assert.False(await scene.CanAsync(RolesScene.Auditor, "DELETE FROM justrunit.timers"));
        Assert.False(await scene.CanAsync(RolesScene.Auditor, Insert, Wire.NameOf(all[0]), $"{StreamKinds.Of(all[0])}one"));
        Assert.True(await scene.CanAsync(Owner, $"UPDATE {EventTable} SET data = data"));
    }

    [Fact]
    public async Task Who_hides_the_catalogue_behind_a_table_of_its_own_is_no_owner_for_that()
    {
        await scene.SetUpAsync(Owner);
        await scene.BeginStreamsAsync();
        // A database whose administrator has given everybody temporary tables again.
        await scene.ExecuteAsync(Administrator, $"GRANT TEMPORARY ON DATABASE {scene.Database} TO PUBLIC");
        await using var connection = new NpgsqlConnection(scene.As("justrunit_monitor"));
        await connection.OpenAsync();
        await using var hiding = new NpgsqlCommand(
            $"""
            CREATE TEMP TABLE pg_class AS
                SELECT '{EventTable}'::regclass::oid AS oid, (SELECT oid FROM pg_roles WHERE rolname = session_user) AS relowner;
            SET search_path = pg_temp, pg_catalog
            """,
            connection);
        await hiding.ExecuteNonQueryAsync();
        await using var insert = new NpgsqlCommand(Insert, connection);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Wire.NameOf(typeof(DataCenters.MachineJoined)) });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "datacenter-one" });
        var refused = await Assert.ThrowsAsync<PostgresException>(insert.ExecuteNonQueryAsync);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_service_appends_by_marten_what_is_its_own_and_is_refused_what_is_not()
    {
        await scene.SetUpAsync(Owner);
        await using var source = NpgsqlDataSource.Create(scene.As("justrunit_placement"));
        using var store = DocumentStore.For(options =>
        {
            StoreSetup.Configure(options, source);
        });
        var joined = new DataCenters.MachineJoined(
            "dc", "m", "agent", Hosts.MachineRole.Production, Resources.Allocation.Of(new Quantities.CpuShare(1)), "process", true);
        await AppendAsync(store, joined);
        await AppendAsync(store, joined with { Machine = "n" });
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => AppendAsync(store, Scene.Event(Guid.NewGuid())));
        Assert.Contains("justrunit_placement may not append justrunit.sandbox-awaited.v1", $"{refused}");
    }

    [Fact]
    public async Task Who_may_only_read_audits()
    {
        await scene.SetUpAsync(Owner);
        await scene.BeginStreamsAsync();
        await scene.ExecuteAsync(Owner, Insert
            .Replace("$1", $"'{Wire.NameOf(typeof(ServiceWithdrawn))}'", StringComparison.Ordinal)
            .Replace("$2", $"'{StreamKinds.Service}one'", StringComparison.Ordinal));
        await using var snapshot = await StoreSnapshot.OpenAsync(scene.As(RolesScene.Auditor), CancellationToken.None);
        var findings = new List<Finding>();
        var events = snapshot.EventsAsync(0, null, CancellationToken.None);
        await foreach (var finding in new Events.Auditing.Auditor(Rules.OfThisProgram, snapshot).AuditAsync(events, CancellationToken.None))
            findings.Add(finding);
        Assert.Equal(Verdict.NotCheckable, Assert.Single(findings).Verdict);
    }

    [Fact]
    public async Task Certificates_are_checked_and_one_that_is_wrong_is_one_line()
    {
        await scene.SetUpAsync(Owner);
        var verified = $"{scene.As(Owner)};SSL Mode=VerifyFull;Root Certificate={scene.Server.Ours.Authority}";
        await scene.StartAsync(Owner, verified);
        await using (var connection = new NpgsqlConnection(verified))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", connection);
            Assert.Equal(true, await command.ExecuteScalarAsync());
        }

        foreach (var wrong in (string[])[
            $"{scene.As(Owner)};SSL Mode=VerifyFull;Root Certificate={scene.Server.Others.Authority}",
            $"{scene.As(Owner).Replace("127.0.0.1", "localhost", StringComparison.Ordinal)};SSL Mode=VerifyFull;"
                + $"Root Certificate={scene.Server.Ours.Authority}",
            $"{scene.As(Owner)};SSL Mode=VerifyFull"])
        {
            var error = await Assert.ThrowsAsync<ConfigurationException>(() => scene.StartAsync(Owner, wrong));
            Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: PostgreSQL at ", error.Message);
            Assert.Contains("TLS (SSL Mode, Root Certificate, SSL Certificate, SSL Key)", error.Message);
            Assert.DoesNotContain('\n', error.Message);
            Assert.DoesNotContain("secret", error.Message);
        }
    }

    private static async Task AppendAsync(IDocumentStore store, IDomainEvent @event)
    {
        await using var session = store.LightweightSession();
        session.Events.Append(Streams.DataCenter("dc"), @event);
        await session.SaveChangesAsync();
    }
}
