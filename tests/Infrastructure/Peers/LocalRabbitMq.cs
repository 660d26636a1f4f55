using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>A private RabbitMQ that listens with TLS, its user <c>shop</c> with password <c>secret</c>, and no other.</summary>
public sealed class LocalRabbitMq : IAsyncDisposable
{
    private readonly PeerProcess process;
    private readonly PeerProcess mapper;
    private readonly DirectoryInfo folder;

    private LocalRabbitMq(PeerProcess process, PeerProcess mapper, DirectoryInfo folder, int port) =>
        (this.process, this.mapper, this.folder, Port) = (process, mapper, folder, port);

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Starts one in a folder of its own, and waits until it listens.</summary>
    /// <param name="authority">File of the authority whose certificates it takes from clients.</param>
    /// <param name="certificate">File of its certificate.</param>
    /// <param name="key">File of its key.</param>
    /// <param name="needsCertificate">Whether clients must show one.</param>
    public static async Task<LocalRabbitMq> StartAsync(string authority, string certificate, string key, bool needsCertificate)
    {
        var folder = Directory.CreateTempSubdirectory("rabbitmq-");
        var (port, distribution, mapper) = (FreePorts.Next(), FreePorts.Next(), FreePorts.Next());
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "rabbitmq.conf"), string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp = none
            listeners.ssl.local = 127.0.0.1:{port}
            ssl_options.cacertfile = {authority}
            ssl_options.certfile = {certificate}
            ssl_options.keyfile = {key}
            ssl_options.verify = verify_peer
            ssl_options.fail_if_no_peer_cert = {(needsCertificate ? "true" : "false")}
            default_user = shop
            default_pass = secret

            """)).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "enabled_plugins"), "[].").ConfigureAwait(false);
        if (Environment.IsPrivilegedProcess)
            await PeerProcess.RunAsync("chown", ["-R", "rabbitmq", folder.FullName]).ConfigureAwait(false);
        var environment = new (string, string)[]
        {
            ("HOME", folder.FullName),
            ("ERL_EPMD_ADDRESS", "127.0.0.1"),
            ("ERL_EPMD_PORT", $"{mapper}"),
            ("RABBITMQ_NODENAME", $"justrunit-tls-{port}@localhost"),
            ("RABBITMQ_DIST_PORT", $"{distribution}"),
            ("RABBITMQ_CONF_ENV_FILE", Path.Combine(folder.FullName, "none")),
            ("RABBITMQ_CONFIG_FILE", Path.Combine(folder.FullName, "rabbitmq.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", Path.Combine(folder.FullName, "none.config")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", Path.Combine(folder.FullName, "enabled_plugins")),
            ("RABBITMQ_MNESIA_BASE", Path.Combine(folder.FullName, "mnesia")),
            ("RABBITMQ_LOG_BASE", Path.Combine(folder.FullName, "log")),
            ("RABBITMQ_GENERATED_CONFIG_DIR", Path.Combine(folder.FullName, "generated")),
            ("RABBITMQ_PID_FILE", Path.Combine(folder.FullName, "pid")),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"),
        };
        const string server = "/usr/lib/rabbitmq/bin/rabbitmq-server";
        var settings = environment.Select(pair => $"{pair.Item1}={pair.Item2}").ToArray();
        var (program, arguments) = Environment.IsPrivilegedProcess
            ? ("runuser", (string[])["-u", "rabbitmq", "--", "env", .. settings, server])
            : ("env", [.. settings, server]);
        // Its own, in the foreground: one that the node starts goes on without it.
        var epmd = await PeerProcess.StartAsync("epmd", ["-port", $"{mapper}", "-address", "127.0.0.1"], token => OpenAsync(mapper, token))
            .ConfigureAwait(false);
        try
        {
            var node = await PeerProcess.StartAsync(program, arguments, token => OpenAsync(port, token)).ConfigureAwait(false);
            return new LocalRabbitMq(node, epmd, folder, port);
        }
        catch
        {
            await epmd.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task OpenAsync(int port, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync().ConfigureAwait(false);
        await mapper.DisposeAsync().ConfigureAwait(false);
        folder.Delete(recursive: true);
    }
}
