using JustRunIt.Events.Store.Relaying;
using JustRunIt.Events.Store.Timers;
using Marten;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>Creates the schema before anything else starts; the services that start together take turns.</summary>
internal sealed class SchemaSetup(IDocumentStore store, NpgsqlDataSource dataSource) : IHostedService
{
    private const long SetupLock = 0x4A52_5343;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({SetupLock})", cancellationToken).ConfigureAwait(false);
        try
        {
            await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync().ConfigureAwait(false);
            await ExecuteAsync(connection, TimerTable.Ddl + RelayTable.Ddl, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({SetupLock})", CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
