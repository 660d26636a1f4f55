using JustRunIt.Infrastructure.Sources;
using MySqlConnector;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A database of the same name on two MariaDBs, dropped when it is disposed.</summary>
public sealed class MariaDbPair(Pair<MariaDbServer> servers, string database) : IAsyncDisposable
{
    /// <summary>The server whose clients are on line.</summary>
    public MariaDbServer Original => servers.Original;

    /// <summary>The server that gets what the original got.</summary>
    public MariaDbServer Clone => servers.Clone;

    /// <summary>Both.</summary>
    public IReadOnlyList<MariaDbServer> Servers => [Original, Clone];

    /// <summary>Name of the database.</summary>
    public string Database => database;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await MySqlConnection.ClearAllPoolsAsync();
        foreach (var server in Servers)
            await server.DropDatabaseAsync(Database);
    }
}
