using System.Net;
using System.Net.Sockets;
using JustRunIt.Infrastructure;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A MariaDB server with an empty database <c>shop</c> and a user <c>shop</c>.</summary>
internal sealed class MariaDbServer : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private MariaDbServer(PeerProcess process, DirectoryInfo folder, int port, string socket) =>
        (this.process, this.folder, EndPoint, UnixSocket) = (process, folder, new IPEndPoint(IPAddress.Loopback, port), new UnixDomainSocketEndPoint(socket));

    public IPEndPoint EndPoint { get; }

    public UnixDomainSocketEndPoint UnixSocket { get; }

    public static async Task<MariaDbServer> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("mariadb-");
        var data = Path.Combine(folder.FullName, "data");
        string[] own = Environment.IsPrivilegedProcess ? ["--user=root"] : [];
        await PeerProcess.RunAsync("mariadb-install-db", ["--no-defaults", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", $"--tmpdir={folder.FullName}", .. own]);
        var port = FreePorts.Next();
        var socket = Path.Combine(folder.FullName, "s");
        var process = await PeerProcess.StartAsync(
            port,
            "mariadbd",
            ["--no-defaults", $"--datadir={data}", $"--socket={socket}", $"--port={port}", "--bind-address=127.0.0.1", $"--tmpdir={folder.FullName}", "--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0", .. own]);
        await PeerProcess.RunAsync(
            "mariadb",
            ["--no-defaults", "-uroot", $"-S{socket}"],
            "CREATE DATABASE shop; CREATE USER shop@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO shop@'127.0.0.1'; CREATE USER shop@localhost IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO shop@localhost;");
        return new MariaDbServer(process, folder, port, socket);
    }

    /// <summary>What a client of MySqlConnector needs.</summary>
    public static string ConnectionString(IPEndPoint at, string more = "") =>
        $"Server=127.0.0.1;Port={at.Port};User ID=shop;Password=secret;Database=shop;SslMode=None;AllowPublicKeyRetrieval=true;{more}";

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
