using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>
/// A private PostgreSQL server with an empty database <c>shop</c>, whose user <c>shop</c> logs in by SCRAM and may do everything.
/// </summary>
public sealed class LocalPostgreSql : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private LocalPostgreSql(PeerProcess process, DirectoryInfo folder, int port)
    {
        this.process = process;
        this.folder = folder;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Where it listens besides.</summary>
    public UnixDomainSocketEndPoint UnixSocket => new(Path.Combine(folder.FullName, $".s.PGSQL.{EndPoint.Port}"));

    /// <summary>Starts one in a folder of its own, and waits until it has answered a query.</summary>
    public static async Task<LocalPostgreSql> StartAsync()
    {
        var programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/";
        var folder = Directory.CreateTempSubdirectory("postgresql-");
        var data = Path.Combine(folder.FullName, "data");
        var passwordFile = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, "secret").ConfigureAwait(false);
        if (Environment.IsPrivilegedProcess)
            await PeerProcess.RunAsync("chown", ["-R", "postgres", folder.FullName]).ConfigureAwait(false);
        var (program, arguments) = Command(
            programs + "initdb", "-D", data, "-U", "shop", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync");
        await PeerProcess.RunAsync(program, arguments).ConfigureAwait(false);
        var port = FreePorts.Next();
        var administrator = $"Host=127.0.0.1;Port={port};Username=shop;Password=secret;Database=postgres;Pooling=false";
        (program, arguments) = Command(
            programs + "postgres", "-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", folder.FullName, "-c", "fsync=off");
        var process = await PeerProcess.StartAsync(
            program, arguments, cancellation => ExecuteAsync(administrator, "SELECT 1", cancellation))
            .ConfigureAwait(false);
        await ExecuteAsync(administrator, "CREATE DATABASE shop", CancellationToken.None).ConfigureAwait(false);
        return new LocalPostgreSql(process, folder, port);
    }

    /// <summary>Runs a statement on a connection of its own.</summary>
    public static async Task ExecuteAsync(string connectionString, string statement, CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(connectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync().ConfigureAwait(false);
        folder.Delete(recursive: true);
    }

    /// <summary>The server refuses to run as root.</summary>
    private static (string Program, string[] Arguments) Command(string program, params string[] arguments) =>
        Environment.IsPrivilegedProcess ? ("runuser", ["-u", "postgres", "--", program, .. arguments]) : (program, arguments);
}
