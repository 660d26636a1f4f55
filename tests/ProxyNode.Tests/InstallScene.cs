using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Live nginx servers at addresses that clients already use, on the same host and from elsewhere, and whatever is installed around them.
/// </summary>
internal sealed class InstallScene : IAsyncDisposable
{
    public const int Kill = 9;
    public const int Terminate = 15;

    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string folder = Directory.CreateTempSubdirectory("justrunit-install").FullName;
    private readonly List<Process> started = [];
    private readonly NetworkNamespace hosts;

    private InstallScene(NetworkNamespace hosts) => this.hosts = hosts;

    /// <summary>The host of the servers.</summary>
    public string Server => hosts.Server;

    /// <summary>Another host.</summary>
    public string Elsewhere => hosts.Elsewhere;

    public static async Task<InstallScene> StartAsync(params int[] ports)
    {
        var scene = new InstallScene(await NetworkNamespace.StartAsync());
        foreach (var port in ports)
        {
            var own = Directory.CreateDirectory(Path.Combine(scene.folder, $"{port}")).FullName;
            scene.Start("nginx", "-c", Nginx.Configure(own, $"{NetworkNamespace.ServerAddress}:{port}", scene.UnixSocket(port)));
            await UntilAsync(() => IsServedAsync(scene.Server, port));
        }

        return scene;
    }

    /// <summary>Where the server of a port is by Unix socket.</summary>
    public string UnixSocket(int port) => $"unix:{Path.Combine(folder, $"{port}", "socket")}";

    /// <summary>A file that is there as long as the scene.</summary>
    public string Write(string name, string text)
    {
        var file = Path.Combine(folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>Starts the proxies' program beside the servers.</summary>
    public Process StartProxies(params string[] arguments) => Start("dotnet", [typeof(ProxyOptions).Assembly.Location, .. arguments]);

    /// <summary>Starts a program beside the servers.</summary>
    public Process Start(string program, params string[] arguments)
    {
        var process = NetworkNamespace.Start(Server, program, arguments);
        started.Add(process);
        return process;
    }

    // 'ip netns exec' becomes the program that it starts.
    public static void Signal(Process process, int signal) => Assert.Equal(0, SendSignal(process.Id, signal));

    /// <summary>A client that asks so many times, so often: status, curl's exit code and connections made, of each.</summary>
    public static async Task<List<string[]>> Load(string host, int port, bool keepsAlive, string rate = "100/s", int requests = 600)
    {
        using var curl = NetworkNamespace.Start(
            host, "curl", "--silent", "--rate", rate, "--output", "/dev/null", "--write-out",
            "%{http_code} %{exitcode} %{num_connects}\n",
            "--header", keepsAlive ? "X-Stays: 1" : "Connection: close", $"{Url(port)}[1-{requests}]");
        var said = await curl.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        return [.. said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))];
    }

    /// <summary>Waits until so many connections to the servers' ports are open.</summary>
    public Task UntilConnectedAsync(int count, params int[] ports) => UntilAsync(async () =>
    {
        // An established connection at the server's side: its own address and port come first, and its state is 01.
        var sockets = await NetworkNamespace.RunAsync(Server, "cat", "/proc/net/tcp");
        return sockets.Split('\n').Count(line => ports.Any(port => line.Contains($":{port:X4} ", StringComparison.Ordinal)
            && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var own, _, "01", ..]
            && own.EndsWith($":{port:X4}", StringComparison.Ordinal))) >= count;
    });

    /// <summary>Whether a server answers a client.</summary>
    public static async Task<bool> IsServedAsync(string host, int port)
    {
        try
        {
            return await NetworkNamespace.RunAsync(host, "curl", "--silent", "--max-time", "5", Url(port)) == "hello\n";
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Names of the packet filter's tables, as nft lists them.</summary>
    public Task<string> TablesAsync() => NetworkNamespace.RunAsync(Server, "nft", "list", "tables");

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var waited = Stopwatch.StartNew(); !await condition(); await Task.Delay(50))
            Assert.True(waited.Elapsed < Patience, string.Create(CultureInfo.InvariantCulture, $"nothing after {waited.Elapsed}"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in started)
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await hosts.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int process, int signal);

    private static string Url(int port) => $"http://{NetworkNamespace.ServerAddress}:{port}/";
}
