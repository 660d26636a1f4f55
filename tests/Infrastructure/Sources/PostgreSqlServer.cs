using System.Net;
using JustRunIt.Infrastructure.Peers;
using Npgsql;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>
/// A PostgreSQL with a user <c>shop</c>, password <c>secret</c>, who logs in by SCRAM and may do everything; tests make databases of
/// their own on it.
/// </summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    private readonly IAsyncDisposable? own;

    private PostgreSqlServer(IPEndPoint endPoint, IAsyncDisposable? own)
    {
        this.own = own;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets one.</summary>
    /// <param name="variable">
    /// The variable whose value connects to a running one as its administrator: <c>Host=127.0.0.1;Port=…;Username=…;Password=…</c>.
    /// </param>
    public static Task<PostgreSqlServer> GetAsync(string variable)
    {
        var given = Environment.GetEnvironmentVariable(variable);
        return ServerSources.GetAsync(
            "PostgreSQL",
            string.IsNullOrEmpty(given) ? null : () => FromEnvironmentAsync(given),
            async () =>
            {
                var container = await ServerContainers.PostgreSqlAsync().ConfigureAwait(false);
                return new PostgreSqlServer(container.EndPoint, container);
            },
            async () =>
            {
                var server = await LocalPostgreSql.StartAsync().ConfigureAwait(false);
                return new PostgreSqlServer(server.EndPoint, server);
            });
    }

    /// <summary>What connects a client of Npgsql as the user.</summary>
    /// <param name="at">The server, or what stands before it.</param>
    /// <param name="more">More settings.</param>
    /// <param name="database">The database.</param>
    public static string ConnectionString(IPEndPoint at, string more = "", string database = "shop") =>
        $"Host={at.Address};Port={at.Port};Username=shop;Password=secret;Database={database};{more}";

    /// <summary>What connects a client of libpq, such as psql, as the user.</summary>
    public static string LibpqConnectionString(IPEndPoint at, string database) =>
        $"host={at.Address} port={at.Port} user=shop password=secret dbname={database}";

    /// <summary>Makes an empty database.</summary>
    public Task CreateDatabaseAsync(string name) => ExecuteAsync($"CREATE DATABASE {name}");

    /// <summary>Drops it, ending the connections that are still open to it.</summary>
    public Task DropDatabaseAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    /// <inheritdoc />
    public ValueTask DisposeAsync() => own?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<PostgreSqlServer> FromEnvironmentAsync(string given)
    {
        var settings = new NpgsqlConnectionStringBuilder(given) { Pooling = false };
        await LocalPostgreSql.ExecuteAsync(
            settings.ConnectionString,
            """
            SET password_encryption = 'scram-sha-256';
            DO $$ BEGIN CREATE ROLE shop SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            ALTER ROLE shop SUPERUSER LOGIN PASSWORD 'secret'
            """,
            CancellationToken.None).ConfigureAwait(false);
        return new PostgreSqlServer(await HostAddress.ResolveAsync(settings.Host!, settings.Port).ConfigureAwait(false), own: null);
    }

    private Task ExecuteAsync(string statement) =>
        LocalPostgreSql.ExecuteAsync(ConnectionString(EndPoint, "Pooling=false", "postgres"), statement, CancellationToken.None);
}
