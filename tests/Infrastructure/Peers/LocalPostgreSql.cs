using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>
/// A private PostgreSQL server with an empty database <c>shop</c>, whose user <c>shop</c> logs in by SCRAM and may do everything.
/// </summary>
public sealed class LocalPostgreSql : IAsyncDisposable
{
    private readonly Func<Task> stop;
    private readonly Func<Task<PeerProcess>> start;
    private PeerProcess process;
    private readonly DirectoryInfo folder;

    private LocalPostgreSql(PeerProcess process, Func<Task> stop, Func<Task<PeerProcess>> start, DirectoryInfo folder, int port)
    {
        (this.process, this.stop, this.start) = (process, stop, start);
        this.folder = folder;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Where it listens besides.</summary>
    public UnixDomainSocketEndPoint UnixSocket => new(Path.Combine(folder.FullName, $".s.PGSQL.{EndPoint.Port}"));

    /// <summary>Starts one in a folder of its own, and waits until it has answered a query.</summary>
    /// <param name="tls">Files of the certificate that it shows, and of its key; null for one without TLS.</param>
    public static async Task<LocalPostgreSql> StartAsync((string Certificate, string Key)? tls = null)
    {
        var programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/";
        var folder = Directory.CreateTempSubdirectory("postgresql-");
        var data = Path.Combine(folder.FullName, "data");
        var passwordFile = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, "secret").ConfigureAwait(false);
        var more = new List<string>();
        if (tls is var (certificate, key))
        {
            // The server takes no key that others may read.
            File.Copy(certificate, Path.Combine(folder.FullName, "server.pem"));
            File.Copy(key, Path.Combine(folder.FullName, "server.key"));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(Path.Combine(folder.FullName, "server.key"), UnixFileMode.UserRead);
            more = ["-c", "ssl=on", "-c", $"ssl_cert_file={folder}/server.pem", "-c", $"ssl_key_file={folder}/server.key"];
        }

        if (Environment.IsPrivilegedProcess)
            await PeerProcess.RunAsync("chown", ["-R", "postgres", folder.FullName]).ConfigureAwait(false);
        var (program, arguments) = Command(
            programs + "initdb", "-D", data, "-U", "shop", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync");
        await PeerProcess.RunAsync(program, arguments).ConfigureAwait(false);
        var port = FreePorts.Next();
        var administrator = $"Host=127.0.0.1;Port={port};Username=shop;Password=secret;Database=postgres;Pooling=false";
        (program, arguments) = Command(
            programs + "postgres",
            ["-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", folder.FullName, "-c", "fsync=off", .. more]);
        Task<PeerProcess> Serve() =>
            PeerProcess.StartAsync(program, arguments, cancellation => ExecuteAsync(administrator, "SELECT 1", cancellation));
        var (control, words) = Command(programs + "pg_ctl", ["stop", "-D", data, "-m", "immediate", "-w", "-s"]);
        var process = await Serve().ConfigureAwait(false);
        await ExecuteAsync(administrator, "CREATE DATABASE shop", CancellationToken.None).ConfigureAwait(false);
        return new LocalPostgreSql(process, () => PeerProcess.RunAsync(control, words), Serve, folder, port);
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

    /// <summary>Stops it as a crash does, and starts it again: it then recovers, and says so to whoever connects too early.</summary>
    public async Task RestartAsync()
    {
        await stop().ConfigureAwait(false);
        await process.DisposeAsync().ConfigureAwait(false);
        process = await start().ConfigureAwait(false);
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
