using JustRunIt.Infrastructure.Sources;
using Npgsql;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A database of the same name on two PostgreSQLs, dropped when it is disposed.</summary>
public sealed class PostgreSqlPair(Pair<PostgreSqlServer> servers, string database) : IAsyncDisposable
{
    /// <summary>The server whose clients are on line.</summary>
    public PostgreSqlServer Original => servers.Original;

    /// <summary>The server that gets what the original got.</summary>
    public PostgreSqlServer Clone => servers.Clone;

    /// <summary>Both.</summary>
    public IReadOnlyList<PostgreSqlServer> Servers => [Original, Clone];

    /// <summary>Name of the database.</summary>
    public string Database => database;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        foreach (var server in Servers)
            await server.DropDatabaseAsync(Database);
    }
}
