using System.Net;
using JustRunIt.Infrastructure;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>Apache that hands everything to a container through mod_jk, with a probe before each request.</summary>
internal sealed class ApacheWithModJk : IAsyncDisposable
{
    private const string Ready = "/server-answers";

    private readonly PeerProcess process;
    private readonly DirectoryInfo folder;

    private ApacheWithModJk(PeerProcess process, DirectoryInfo folder, int port) =>
        (this.process, this.folder, Address) = (process, folder, new Uri($"http://127.0.0.1:{port}"));

    public Uri Address { get; }

    public static async Task<ApacheWithModJk> StartAsync(IPEndPoint container)
    {
        var folder = Directory.CreateTempSubdirectory("apache-");
        var port = FreePorts.Next();
        var modules = string.Concat(
            "mpm_event authz_core authz_host jk".Split(' ').Select(
                name => $"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "workers.properties"), $"""
            worker.list=app
            worker.app.type=ajp13
            worker.app.host={container.Address}
            worker.app.port={container.Port}
            worker.app.ping_mode=A
            """);
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "apache.conf"), $"""
            ServerRoot {folder.FullName}
            PidFile {folder.FullName}/pid
            ErrorLog {folder.FullName}/error.log
            DefaultRuntimeDir {folder.FullName}
            Mutex file:{folder.FullName} default
            ServerName localhost
            Listen 127.0.0.1:{port}
            User {(Environment.IsPrivilegedProcess ? "www-data" : Environment.UserName)}
            Group {(Environment.IsPrivilegedProcess ? "www-data" : "#" + await GroupAsync())}
            {modules}
            StartServers 1
            ThreadsPerChild 8
            MaxRequestWorkers 8
            ServerLimit 1
            JkWorkersFile {folder.FullName}/workers.properties
            JkLogFile {folder.FullName}/jk.log
            JkShmFile {folder.FullName}/jk.shm
            JkMount /* app
            # The server's own question, which is no request of the container's.
            JkUnMount {Ready} app
            """);
        var process = await PeerProcess.StartAsync(
            "apache2",
            ["-f", Path.Combine(folder.FullName, "apache.conf"), "-DFOREGROUND"],
            Questions.Http($"http://127.0.0.1:{port}{Ready}"));
        return new ApacheWithModJk(process, folder, port);
    }

    private static async Task<string> GroupAsync() => (await PeerProcess.RunAsync("id", ["-g"])).Trim();

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
