using JustRunIt.Infrastructure.Sources;
using Npgsql;
using Xunit.Abstractions;

namespace JustRunIt.Infrastructure;

/// <summary>
/// A database of its own on a real PostgreSQL, dropped after the last test that shares the fixture.
/// Use it through <see cref="IClassFixture{TFixture}"/> or <see cref="ICollectionFixture{TFixture}"/>.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    /// <summary>Made by a test class or by xunit.</summary>
    /// <param name="messages">Where lines about the whole run go; null for nowhere.</param>
    public PostgresFixture(IMessageSink? messages = null) => TestOutput.ShowAt(messages);

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
