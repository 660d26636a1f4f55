using System.Text.RegularExpressions;
using JasperFx;
using JustRunIt.Events.Store.Relaying;
using JustRunIt.Events.Store.Sealing;
using JustRunIt.Events.Store.Timers;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Configuration;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>
/// Creates the schema before anything else starts, where this process may; the services that start together take turns. Where it may
/// not, it must be there already: its owner makes it (<see cref="ServiceProgram.Schema"/>).
/// </summary>
internal sealed partial class SchemaSetup(
    IDocumentStore store,
    NpgsqlDataSource dataSource,
    IEnumerable<StoreExtension> extensions,
    ILogger<SchemaSetup> logger) : IHostedService, ISetUp
{
    private const long SetupLock = 0x4A52_5343;

    private readonly FirstContact database = new(
        Server(dataSource.ConnectionString), Connections.PostgresVariable, StoreErrors.Refusal, StoreErrors.IsAway);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) =>
        database.MakeAsync(() => SetUpOrCheckAsync(cancellationToken), logger, cancellationToken);

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    async Task ISetUp.SetUpAsync(CancellationToken cancellation)
    {
        await database.MakeAsync(
            async () =>
            {
                await using var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                if (!await MayCreateAsync(connection, cancellation).ConfigureAwait(false))
                    throw Missing("may not be made by this user");
                await SetUpAsync(connection, cancellation).ConfigureAwait(false);
            },
            logger,
            cancellation).ConfigureAwait(false);
    }

    private async Task SetUpOrCheckAsync(CancellationToken cancellation)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        if (await MayCreateAsync(connection, cancellation).ConfigureAwait(false))
            await SetUpAsync(connection, cancellation).ConfigureAwait(false);
        else
            await CheckAsync(connection, cancellation).ConfigureAwait(false);
    }

    /// <summary>Looks at what is there, and changes nothing.</summary>
    private async Task CheckAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using (var command = new NpgsqlCommand("SELECT name FROM unnest($1) AS name WHERE to_regclass(name) IS NULL", connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string[]>
            {
                TypedValue =
                [
                    $"{StoreSetup.Schema}.mt_events",
                    .. TableName().Matches(Ddl() + RowRights.Ddl).Select(match => match.Groups[1].Value),
                ],
            });
            if (await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is string missing)
                throw Missing($"lacks {missing}");
        }

        try
        {
            await store.Storage.Database.AssertDatabaseMatchesConfigurationAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e.GetType().Name == "DatabaseValidationException")
        {
            throw Missing("is not this version's");
        }
    }

    private static ConfigurationException Missing(string what) => new(
        $"environment: {Connections.PostgresVariable}: the schema {StoreSetup.Schema} {what}; "
        + $"its owner makes it by {ServiceProgram.Schema}");

    private static async Task<bool> MayCreateAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT CASE WHEN to_regnamespace('{StoreSetup.Schema}') IS NULL
                THEN has_database_privilege(current_database(), 'CREATE')
                ELSE has_schema_privilege('{StoreSetup.Schema}', 'CREATE') END
            """,
            connection);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    private string Ddl() => string.Concat(
        [
            TimerTable.Ddl, RelayTable.Ddl, ParkedTable.Ddl, SnapshotTable.Ddl, HandledTable.Ddl, ChainTable.Ddl, TreeTable.Ddl,
            .. extensions.Select(e => e.Ddl),
        ]);

    private string OwnedDdl() => string.Concat(
        extensions.Select(e => RowRights.OwnedBy(e.Service, e.Table))
            .Append(RowRights.OwnedBy(Catalog.Checker, TreeTable.LeavesTable))
            .Append(RowRights.OwnedBy(Catalog.Checker, TreeTable.PartsTable)));

    [GeneratedRegex(@"CREATE TABLE IF NOT EXISTS (\S+)")]
    private static partial Regex TableName();

    private async Task SetUpAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({SetupLock})", cancellationToken).ConfigureAwait(false);
        try
        {
            await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate).ConfigureAwait(false);
            await ExecuteAsync(connection, Ddl() + RowRights.Ddl + OwnedDdl() + DatabaseRoles.Ddl, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({SetupLock})", CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static string Server(string connectionString)
    {
        var address = new NpgsqlConnectionStringBuilder(connectionString);
        return $"PostgreSQL at {address.Host}:{address.Port}";
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
