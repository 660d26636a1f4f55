using System.Net;
using JustRunIt.Infrastructure.Peers;
using MySqlConnector;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>
/// A MariaDB with a user <c>shop</c>, password <c>secret</c>, who may do everything; tests make databases of their own on it.
/// </summary>
public sealed class MariaDbServer : IAsyncDisposable
{
    private readonly IAsyncDisposable? own;

    private MariaDbServer(IPEndPoint endPoint, IAsyncDisposable? own)
    {
        this.own = own;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets one.</summary>
    /// <param name="variable">
    /// The variable whose value connects to a running one as its administrator: <c>Server=127.0.0.1;Port=…;User ID=…;Password=…</c>.
    /// </param>
    public static Task<MariaDbServer> GetAsync(string variable)
    {
        var given = Environment.GetEnvironmentVariable(variable);
        return ServerSources.GetAsync(
            "MariaDB",
            string.IsNullOrEmpty(given) ? null : () => FromEnvironmentAsync(given),
            FromContainerAsync,
            async () =>
            {
                var server = await LocalMariaDb.StartAsync().ConfigureAwait(false);
                return new MariaDbServer(server.EndPoint, server);
            });
    }

    /// <summary>What connects a client of MySqlConnector as the user.</summary>
    /// <param name="at">The server, or what stands before it.</param>
    /// <param name="more">More settings.</param>
    /// <param name="database">The database; empty for none.</param>
    public static string ConnectionString(IPEndPoint at, string more = "", string database = "shop") =>
        $"Server={at.Address};Port={at.Port};User "
            + $"ID=shop;Password=secret;Database={database};SslMode=None;AllowPublicKeyRetrieval=true;{more}";

    /// <summary>Makes an empty database.</summary>
    public Task CreateDatabaseAsync(string name) => ExecuteAsync($"CREATE DATABASE {name}");

    /// <summary>Drops it.</summary>
    public Task DropDatabaseAsync(string name) => ExecuteAsync($"DROP DATABASE IF EXISTS {name}");

    /// <inheritdoc />
    public ValueTask DisposeAsync() => own?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Task ExecuteAsync(string statement) =>
        LocalMariaDb.ExecuteAsync(ConnectionString(EndPoint, "Pooling=false", ""), statement, CancellationToken.None);

    private static async Task<MariaDbServer> FromContainerAsync()
    {
        var container = await ServerContainers.MariaDbAsync().ConfigureAwait(false);
        await CreateUserAsync(ServerContainers.MariaDbAdministrator(container.EndPoint)).ConfigureAwait(false);
        return new MariaDbServer(container.EndPoint, container);
    }

    private static async Task<MariaDbServer> FromEnvironmentAsync(string given)
    {
        var settings = new MySqlConnectionStringBuilder(given) { Pooling = false, AllowUserVariables = true };
        await CreateUserAsync(settings.ConnectionString).ConfigureAwait(false);
        return new MariaDbServer(await HostAddress.ResolveAsync(settings.Server, (int)settings.Port).ConfigureAwait(false), own: null);
    }

    private static Task CreateUserAsync(string administrator) => LocalMariaDb.ExecuteAsync(
        administrator,
        "CREATE OR REPLACE USER shop@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO shop@'%' WITH GRANT OPTION",
        CancellationToken.None);
}
