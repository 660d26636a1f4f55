using System.Runtime.CompilerServices;
using JustRunIt.Events.Authority;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Store;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using JustRunIt.Infrastructure.Peers;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// A PostgreSQL with TLS, on which an administrator has made the roles by the script: each of them tries everything. The owner makes the
/// schema, services append what is theirs and change nothing, and an auditor reads.
/// </summary>
public sealed class DatabaseRolesTests : IAsyncLifetime
{
    private const string Owner = "justrunit";
    private const string Auditor = "justrunit_auditor";
    private const string Events = "justrunit.mt_events";
    private const string Insert =
        "INSERT INTO justrunit.mt_events (seq_id, id, stream_id, version, data, type, mt_dotnet_type, tenant_id) "
        + "VALUES (nextval('justrunit.mt_events_sequence'), gen_random_uuid(), 'one', "
        + "(SELECT coalesce(max(version), 0) + 1 FROM justrunit.mt_events WHERE stream_id = 'one'), '{}', $1, 'x', '*DEFAULT*')";

    private static readonly string[] Services = [.. Roles.OfServices.Select(role => $"justrunit_{role.Name}")];

    private readonly Certificates ours = new();
    private readonly Certificates others = new();
    private LocalPostgreSql server = null!;

    public async Task InitializeAsync()
    {
        server = await LocalPostgreSql.StartAsync(ours.Sign("database", ["127.0.0.1"]));
        await PeerProcess.RunAsync(
            "psql",
            [
                "-h", "127.0.0.1", "-p", $"{server.EndPoint.Port}", "-U", "shop", "-d", "shop",
                "-v", "ON_ERROR_STOP=1", "-v", $"owner={Owner}",
                "-f", Path.GetFullPath(Path.Combine(Here(), "../../infra/postgresql/roles.sql")),
            ],
            environment: [("PGPASSWORD", "secret")]);
        foreach (var role in (string[])[Owner, Auditor, .. Services])
            await LocalPostgreSql.ExecuteAsync(As("shop"), $"ALTER ROLE {role} PASSWORD 'secret'", CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        ours.Dispose();
        others.Dispose();
    }

    [Fact]
    public async Task Each_role_does_what_is_its_own_and_nothing_else()
    {
        // Before its owner has made it, nobody else can, and a service says so.
        var error = await Assert.ThrowsAsync<ConfigurationException>(() => SetUpAsync("justrunit_monitor"));
        Assert.Equal(
            "environment: JUSTRUNIT_POSTGRES: the schema justrunit may not be made by this user; its owner makes it by --schema",
            error.Message);
        error = await Assert.ThrowsAsync<ConfigurationException>(() => StartAsync("justrunit_monitor"));
        Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: the schema justrunit lacks ", error.Message);
        await SetUpAsync(Owner);
        // Again, as after an update.
        await SetUpAsync(Owner);
        await StartAsync("justrunit_monitor");
        await StartAsync(Owner);

        await ExecuteAsync(Owner, "INSERT INTO justrunit.mt_streams (id, version, tenant_id) VALUES ('one', 0, '*DEFAULT*')");
        var all = Roles.OfServices.SelectMany(role => role.Appends).Select(Wire.NameOf).ToList();
        foreach (var role in Roles.OfServices)
        {
            var own = role.Appends.Select(Wire.NameOf).ToHashSet();
            foreach (var type in all)
                Assert.True(own.Contains(type) == await CanAsync($"justrunit_{role.Name}", Insert, type), $"{role.Name}, {type}");
        }

        foreach (var login in (string[])[.. Services, Auditor])
        {
            Assert.True(await CanAsync(login, $"SELECT FROM {Events}"), login);
            foreach (var statement in (string[])[
                $"UPDATE {Events} SET data = '{{}}'", $"DELETE FROM {Events}", $"TRUNCATE {Events}",
                "TRUNCATE justrunit.mt_streams CASCADE",
                "DELETE FROM justrunit.mt_streams", $"ALTER TABLE {Events} DISABLE TRIGGER ALL", $"DROP TABLE {Events} CASCADE",
                "INSERT INTO justrunit.speakers VALUES ('monitor', 'justrunit.migration-started.v2')", "DELETE FROM justrunit.speakers",
                "CREATE OR REPLACE FUNCTION justrunit.check_speaker() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "CREATE TABLE justrunit.mine ()", "CREATE TEMP TABLE mine ()",
                "SET ROLE justrunit", "SET session_replication_role = replica"])
            {
                Assert.False(await CanAsync(login, statement), $"{login} could {statement}");
            }
        }

        foreach (var statement in (string[])[
            "INSERT INTO justrunit.mt_streams (id, version, tenant_id) VALUES ('two', 0, '*DEFAULT*')",
            "UPDATE justrunit.relay SET position = 0", "DELETE FROM justrunit.timers"])
        {
            Assert.True(await CanAsync("justrunit_placement", statement), statement);
            Assert.False(await CanAsync(Auditor, statement), statement);
        }

        Assert.False(await CanAsync(Auditor, Insert, all[0]));
        Assert.True(await CanAsync(Owner, $"UPDATE {Events} SET data = data"));
    }

    [Fact]
    public async Task Who_hides_the_catalogue_behind_a_table_of_its_own_is_no_owner_for_that()
    {
        await SetUpAsync(Owner);
        await ExecuteAsync(Owner, "INSERT INTO justrunit.mt_streams (id, version, tenant_id) VALUES ('one', 0, '*DEFAULT*')");
        // A database whose administrator has given everybody temporary tables again.
        await ExecuteAsync("shop", "GRANT TEMPORARY ON DATABASE shop TO PUBLIC");
        await using var connection = new NpgsqlConnection(As("justrunit_monitor"));
        await connection.OpenAsync();
        await using var hiding = new NpgsqlCommand(
            $"""
            CREATE TEMP TABLE pg_class AS
                SELECT '{Events}'::regclass::oid AS oid, (SELECT oid FROM pg_roles WHERE rolname = session_user) AS relowner;
            SET search_path = pg_temp, pg_catalog
            """,
            connection);
        await hiding.ExecuteNonQueryAsync();
        await using var insert = new NpgsqlCommand(Insert, connection);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Wire.NameOf(typeof(DataCenters.MachineJoined)) });
        var refused = await Assert.ThrowsAsync<PostgresException>(insert.ExecuteNonQueryAsync);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_service_appends_by_marten_what_is_its_own_and_is_refused_what_is_not()
    {
        await SetUpAsync(Owner);
        await using var source = NpgsqlDataSource.Create(As("justrunit_placement"));
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
    public async Task Certificates_are_checked_and_one_that_is_wrong_is_one_line()
    {
        await SetUpAsync(Owner);
        var verified = $"{As(Owner)};SSL Mode=VerifyFull;Root Certificate={ours.Authority}";
        await StartAsync(Owner, verified);
        await using (var connection = new NpgsqlConnection(verified))
        {
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", connection);
            Assert.Equal(true, await command.ExecuteScalarAsync());
        }

        foreach (var wrong in (string[])[
            $"{As(Owner)};SSL Mode=VerifyFull;Root Certificate={others.Authority}",
            $"{As(Owner).Replace("127.0.0.1", "localhost", StringComparison.Ordinal)};SSL Mode=VerifyFull;"
                + $"Root Certificate={ours.Authority}",
            $"{As(Owner)};SSL Mode=VerifyFull"])
        {
            var error = await Assert.ThrowsAsync<ConfigurationException>(() => StartAsync(Owner, wrong));
            Assert.StartsWith("environment: JUSTRUNIT_POSTGRES: PostgreSQL at ", error.Message);
            Assert.Contains("TLS (SSL Mode, Root Certificate, SSL Certificate, SSL Key)", error.Message);
            Assert.DoesNotContain('\n', error.Message);
            Assert.DoesNotContain("secret", error.Message);
        }
    }

    private static async Task AppendAsync(IDocumentStore store, IDomainEvent @event)
    {
        await using var session = store.LightweightSession();
        session.Events.Append("machines", @event);
        await session.SaveChangesAsync();
    }

    private string As(string user) =>
        $"Host=127.0.0.1;Port={server.EndPoint.Port};Username={user};Password=secret;Database=shop;Pooling=false";

    /// <summary>As <c>--schema</c> does.</summary>
    private async Task SetUpAsync(string user)
    {
        using var host = Build(As(user));
        await host.Services.GetRequiredService<ISetUp>().SetUpAsync(CancellationToken.None);
    }

    /// <summary>The first thing that a service does.</summary>
    private async Task StartAsync(string user, string? connection = null)
    {
        using var host = Build(connection ?? As(user));
        await host.Services.GetRequiredService<SchemaSetup>().StartAsync(CancellationToken.None);
    }

    private static IHost Build(string postgres) =>
        ServiceHost.CreateService(Catalog.Monitor, _ => { }, new Connections(postgres, new Uri("amqp://127.0.0.1:1/"))).Build();

    private Task ExecuteAsync(string user, string statement) =>
        LocalPostgreSql.ExecuteAsync(As(user), statement, CancellationToken.None);

    /// <summary>Whether a user may do something, which is undone.</summary>
    private async Task<bool> CanAsync(string user, string statement, string? argument = null)
    {
        await using var connection = new NpgsqlConnection(As(user));
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(statement, connection, transaction);
        if (argument is not null)
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = argument });
        try
        {
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            return false;
        }
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
