using System.Net;
using System.Net.Sockets;
using MySqlConnector;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A private MariaDB server with an empty database <c>shop</c> and a user <c>shop</c>, who may do everything.</summary>
public sealed class LocalMariaDb : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private LocalMariaDb(PeerProcess process, DirectoryInfo folder, int port, string socket)
    {
        this.process = process;
        this.folder = folder;
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        UnixSocket = new UnixDomainSocketEndPoint(socket);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Where it listens besides.</summary>
    public UnixDomainSocketEndPoint UnixSocket { get; }

    /// <summary>Starts one in a folder of its own, and waits until it has answered a query.</summary>
    public static async Task<LocalMariaDb> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("mariadb-");
        var data = Path.Combine(folder.FullName, "data");
        string[] user = Environment.IsPrivilegedProcess ? ["--user=root"] : [];
        await PeerProcess.RunAsync(
            "mariadb-install-db",
            [
                "--no-defaults", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db",
                $"--tmpdir={folder.FullName}", .. user,
            ]).ConfigureAwait(false);
        var port = FreePorts.Next();
        var socket = Path.Combine(folder.FullName, "s");
        var administrator = $"Server={socket};ConnectionProtocol=UnixSocket;User ID=root;Pooling=false;AllowUserVariables=true";
        var process = await PeerProcess.StartAsync(
            "mariadbd",
            [
                "--no-defaults", $"--datadir={data}", $"--socket={socket}", $"--port={port}", "--bind-address=127.0.0.1",
                $"--tmpdir={folder.FullName}", "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
                "--innodb-flush-log-at-trx-commit=0", .. user,
            ],
            cancellation => ExecuteAsync(administrator, "SELECT 1", cancellation)).ConfigureAwait(false);
        await ExecuteAsync(
            administrator,
            """
            CREATE DATABASE shop;
            CREATE USER shop@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO shop@'%' WITH GRANT OPTION;
            CREATE USER shop@localhost IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO shop@localhost WITH GRANT OPTION
            """,
            CancellationToken.None).ConfigureAwait(false);
        return new LocalMariaDb(process, folder, port, socket);
    }

    /// <summary>Runs statements on a connection of their own.</summary>
    public static async Task ExecuteAsync(string connectionString, string statements, CancellationToken cancellation)
    {
        var connection = new MySqlConnection(connectionString);
        await using (connection.ConfigureAwait(false))
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            using var command = new MySqlCommand(statements, connection);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync().ConfigureAwait(false);
        folder.Delete(recursive: true);
    }
}
