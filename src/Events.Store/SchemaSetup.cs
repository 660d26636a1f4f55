using JustRunIt.Events.Store.Relaying;
using JustRunIt.Events.Store.Timers;
using JustRunIt.Hosting;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace JustRunIt.Events.Store;

/// <summary>Creates the schema before anything else starts; the services that start together take turns.</summary>
internal sealed class SchemaSetup(
    IDocumentStore store,
    NpgsqlDataSource dataSource,
    IEnumerable<StoreExtension> extensions,
    ILogger<SchemaSetup> logger) : IHostedService
{
    private const long SetupLock = 0x4A52_5343;

    private readonly FirstContact database = new(
        Server(dataSource.ConnectionString), Connections.PostgresVariable, StoreErrors.Refusal, StoreErrors.IsAway);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) =>
        database.MakeAsync(() => SetUpAsync(cancellationToken), logger, cancellationToken);

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task SetUpAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({SetupLock})", cancellationToken).ConfigureAwait(false);
        try
        {
            await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync().ConfigureAwait(false);
            var ddl = string.Concat(
                [TimerTable.Ddl, RelayTable.Ddl, ParkedTable.Ddl, SnapshotTable.Ddl, HandledTable.Ddl, .. extensions.Select(e => e.Ddl)]);
            await ExecuteAsync(connection, ddl, cancellationToken).ConfigureAwait(false);
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
