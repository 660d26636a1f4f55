using System.Diagnostics;
using Npgsql;

namespace JustRunIt.Infrastructure;

/// <summary>A running PostgreSQL on which databases can be made and dropped.</summary>
/// <param name="ConnectionString">Of a role that may create databases.</param>
public sealed record PostgresServer(string ConnectionString)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>The server of <see cref="ServerAddresses"/>.</summary>
    public static async Task<PostgresServer> LocateAsync() =>
        new((await ServerAddresses.LocateAsync().ConfigureAwait(false)).Postgres);

    /// <summary>Makes an empty database and returns the connection string to it.</summary>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await ExecuteAsync($"CREATE DATABASE {Quoted(name)}").ConfigureAwait(false);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>
    /// Drops the database, ending the connections that are still open to it. A worker of autovacuum that is in it just then belongs to
    /// the server, which no ordinary role may end: it leaves by itself.
    /// </summary>
    public async Task DropDatabaseAsync(string name)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100).ConfigureAwait(false))
        {
            try
            {
                await TryDropAsync(name).ConfigureAwait(false);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege && waited.Elapsed < Patience)
            {
                // Tried again.
            }
        }
    }

    /// <summary>Drops the databases of test runs that were killed.</summary>
    internal async Task DropLeftBehindAsync()
    {
        var names = new List<string>();
        var connection = Connection();
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync().ConfigureAwait(false);
            using var command = new NpgsqlCommand("SELECT datname FROM pg_database", connection);
            var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync().ConfigureAwait(false))
                {
                    names.Add(reader.GetString(0));
                }
            }
        }

        foreach (var name in names.Where(TestName.IsLeftBehind))
        {
            try
            {
                await TryDropAsync(name).ConfigureAwait(false);
            }
            catch (PostgresException)
            {
                // Another test run is at it, or it belongs to another role.
            }
        }
    }

    private Task TryDropAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {Quoted(name)} WITH (FORCE)");

    private async Task ExecuteAsync(string statement)
    {
        var connection = Connection();
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync().ConfigureAwait(false);
            using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Not pooled: an idle connection would count against the server's limit for the whole test run.</summary>
    private NpgsqlConnection Connection() =>
        new(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
