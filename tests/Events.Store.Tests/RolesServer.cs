using System.Runtime.CompilerServices;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.Events.Store.Tests;

/// <summary>A PostgreSQL with TLS, on which an administrator makes the roles by the script.</summary>
public sealed class RolesServer : IAsyncLifetime
{
    private LocalPostgreSql server = null!;
    private int databases;

    /// <summary>Who has signed the server's certificate.</summary>
    public Certificates Ours { get; } = new();

    /// <summary>Who has not.</summary>
    public Certificates Others { get; } = new();

    public async Task InitializeAsync() => server = await LocalPostgreSql.StartAsync(Ours.Sign("database", ["127.0.0.1"]));

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Ours.Dispose();
        Others.Dispose();
    }

    /// <summary>A new database, with the roles.</summary>
    /// <returns>Its name.</returns>
    internal async Task<string> CreateAsync()
    {
        var name = $"shop_{Interlocked.Increment(ref databases)}";
        await ExecuteAsync(As(RolesScene.Administrator, RolesScene.Administrator), $"CREATE DATABASE {name}");
        await PeerProcess.RunAsync(
            "psql",
            [
                "-h", "127.0.0.1", "-p", $"{server.EndPoint.Port}", "-U", RolesScene.Administrator, "-d", name,
                "-v", "ON_ERROR_STOP=1", "-v", $"owner={RolesScene.Owner}",
                "-f", Path.GetFullPath(Path.Combine(Here(), "../../infra/postgresql/roles.sql")),
            ],
            environment: [("PGPASSWORD", "secret")]);
        var passwords = ((string[])[RolesScene.Owner, RolesScene.Auditor, .. RolesScene.ServiceLogins])
            .Select(role => $"ALTER ROLE {role} PASSWORD 'secret'");
        await ExecuteAsync(As(RolesScene.Administrator, name), string.Join("; ", passwords));
        return name;
    }

    /// <summary>Where a user finds a database.</summary>
    internal string As(string user, string database) =>
        $"Host=127.0.0.1;Port={server.EndPoint.Port};Username={user};Password=secret;Database={database};Pooling=false";

    internal static Task ExecuteAsync(string connection, string statement) =>
        LocalPostgreSql.ExecuteAsync(connection, statement, CancellationToken.None);

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
