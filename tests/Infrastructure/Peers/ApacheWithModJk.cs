using System.Net;

namespace JustRunIt.Infrastructure.Peers;

/// <summary>Apache that hands everything to a container through mod_jk, with a probe before each request.</summary>
public sealed class ApacheWithModJk : IAsyncDisposable
{
    private const string Ready = "/server-answers";

    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private ApacheWithModJk(PeerProcess process, DirectoryInfo folder, int port) =>
        (this.process, this.folder, Address) = (process, folder, new Uri($"http://127.0.0.1:{port}"));

    /// <summary>Where it serves.</summary>
    public Uri Address { get; }

    /// <summary>Starts one, and waits until it has answered a question of its own.</summary>
    /// <param name="container">Where the container's AJP connector listens.</param>
    public static async Task<ApacheWithModJk> StartAsync(IPEndPoint container)
    {
        var folder = Directory.CreateTempSubdirectory("apache-");
        var port = FreePorts.Next();
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "workers.properties"), $"""
            worker.list=app
            worker.app.type=ajp13
            worker.app.host={container.Address}
            worker.app.port={container.Port}
            worker.app.ping_mode=A
            """).ConfigureAwait(false);
        var process = await Apache.StartAsync(folder, port, "authz_core authz_host jk", $"""
            JkWorkersFile {folder.FullName}/workers.properties
            JkLogFile {folder.FullName}/jk.log
            JkShmFile {folder.FullName}/jk.shm
            JkMount /* app
            # The server's own question, which is no request of the container's.
            JkUnMount {Ready} app
            """, Ready).ConfigureAwait(false);
        return new ApacheWithModJk(process, folder, port);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync().ConfigureAwait(false);
        folder.Delete(recursive: true);
    }
}
