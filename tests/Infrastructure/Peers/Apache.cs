namespace JustRunIt.Infrastructure.Peers;

/// <summary>How an Apache of a test's own is configured and started: small, on the loopback address, its files in one folder.</summary>
public static class Apache
{
    /// <summary>Starts one, and waits until it has answered a question.</summary>
    /// <param name="folder">Its own, with what it serves.</param>
    /// <param name="port">Where it listens on 127.0.0.1.</param>
    /// <param name="modules">Names of the modules besides that for its processes, separated by a space.</param>
    /// <param name="more">Directives besides those that every one has.</param>
    /// <param name="ready">The path of the question; whatever is answered is an answer.</param>
    public static async Task<PeerProcess> StartAsync(DirectoryInfo folder, int port, string modules, string more, string ready)
    {
        var load = string.Concat(
            $"mpm_event {modules}".Split(' ').Select(name => $"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"));
        var file = Path.Combine(folder.FullName, "apache.conf");
        await File.WriteAllTextAsync(file, $"""
            ServerRoot {folder.FullName}
            PidFile {folder.FullName}/pid
            ErrorLog {folder.FullName}/error.log
            DefaultRuntimeDir {folder.FullName}
            Mutex file:{folder.FullName} default
            ServerName localhost
            Listen 127.0.0.1:{port}
            User {(Environment.IsPrivilegedProcess ? "www-data" : Environment.UserName)}
            Group {(Environment.IsPrivilegedProcess ? "www-data" : "#" + await GroupAsync().ConfigureAwait(false))}
            {load}
            StartServers 1
            ThreadsPerChild 8
            MaxRequestWorkers 8
            ServerLimit 1
            {more}

            """).ConfigureAwait(false);
        return await PeerProcess.StartAsync("apache2", ["-f", file, "-DFOREGROUND"], Questions.Http($"http://127.0.0.1:{port}{ready}"))
            .ConfigureAwait(false);
    }

    private static async Task<string> GroupAsync() => (await PeerProcess.RunAsync("id", ["-g"]).ConfigureAwait(false)).Trim();
}
