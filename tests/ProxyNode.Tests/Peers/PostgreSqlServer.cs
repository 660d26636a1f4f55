using System.Net;
using System.Net.Sockets;
using JustRunIt.Infrastructure;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A PostgreSQL server with an empty database <c>shop</c>, whose user <c>shop</c> logs in by SCRAM.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private PostgreSqlServer(PeerProcess process, DirectoryInfo folder, int port) =>
        (this.process, this.folder, EndPoint) = (process, folder, new IPEndPoint(IPAddress.Loopback, port));

    public IPEndPoint EndPoint { get; }

    public UnixDomainSocketEndPoint UnixSocket => new(Path.Combine(folder.FullName, $".s.PGSQL.{EndPoint.Port}"));

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/";
        var folder = Directory.CreateTempSubdirectory("postgresql-");
        var data = Path.Combine(folder.FullName, "data");
        var passwordFile = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, "secret");
        // The server refuses to run as root.
        string[] own = Environment.IsPrivilegedProcess ? ["-u", "postgres", "--"] : [];
        var runner = own.Length > 0 ? "runuser" : programs + "initdb";
        if (own.Length > 0)
            await PeerProcess.RunAsync("chown", ["-R", "postgres", folder.FullName]);
        await PeerProcess.RunAsync(runner, [.. own, .. Program("initdb"), "-D", data, "-U", "shop", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--no-sync"]);
        var port = FreePorts.Next();
        var process = await PeerProcess.StartAsync(
            port,
            own.Length > 0 ? "runuser" : programs + "postgres",
            [.. own, .. Program("postgres"), "-D", data, "-p", $"{port}", "-h", "127.0.0.1", "-k", folder.FullName, "-c", "fsync=off"]);
        await PeerProcess.RunAsync("psql", [$"host=127.0.0.1 port={port} user=shop password=secret dbname=postgres", "-c", "CREATE DATABASE shop"]);
        return new PostgreSqlServer(process, folder, port);

        string[] Program(string name) => own.Length > 0 ? [programs + name] : [];
    }

    public static string ConnectionString(IPEndPoint at, string more = "") =>
        $"Host=127.0.0.1;Port={at.Port};Username=shop;Password=secret;Database=shop;{more}";

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
