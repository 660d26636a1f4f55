using Npgsql;

namespace JustRunIt.Infrastructure;

/// <summary>
/// A database of its own on a real PostgreSQL, dropped after the last test that shares the fixture.
/// Use it through <see cref="IClassFixture{TFixture}"/> or <see cref="ICollectionFixture{TFixture}"/>.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    /// <summary>The server that the database is on.</summary>
    public PostgresServer Server { get; private set; } = null!;

    /// <summary>Name of the database.</summary>
    public string DatabaseName { get; } = TestName.New();

    /// <summary>Npgsql connection string to the database.</summary>
    public string ConnectionString { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Server = await PostgresServer.LocateAsync().ConfigureAwait(false);
        await Server.DropLeftBehindAsync().ConfigureAwait(false);
        ConnectionString = await Server.CreateDatabaseAsync(DatabaseName).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (ConnectionString is null)
        {
            return;
        }

        using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await Server.DropDatabaseAsync(DatabaseName).ConfigureAwait(false);
    }
}
