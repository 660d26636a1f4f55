using System.Diagnostics;
using JustRunIt.Infrastructure.Peers;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>
/// Two hosts on one wire, each a network namespace: one for a server and its proxy, one for clients from elsewhere. Needs root.
/// </summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    public const string ServerAddress = "10.99.0.2";

    private static int number;

    private readonly string name = $"jr{Environment.ProcessId}-{Interlocked.Increment(ref number)}";

    private NetworkNamespace()
    {
    }

    /// <summary>The host of the server.</summary>
    public string Server => name + "s";

    /// <summary>Another host.</summary>
    public string Elsewhere => name + "c";

    public static async Task<NetworkNamespace> StartAsync()
    {
        var made = new NetworkNamespace();
        await IpAsync($"netns add {made.Server}");
        await IpAsync($"netns add {made.Elsewhere}");
        await IpAsync($"link add wire0 netns {made.Server} type veth peer name wire1 netns {made.Elsewhere}");
        await IpAsync($"-n {made.Server} address add {ServerAddress}/24 dev wire0");
        await IpAsync($"-n {made.Elsewhere} address add 10.99.0.3/24 dev wire1");
        foreach (var link in new[]
        {
            $"{made.Server} link set lo",
            $"{made.Elsewhere} link set lo",
            $"{made.Server} link set wire0",
            $"{made.Elsewhere} link set wire1"
        })
            await IpAsync($"-n {link} up");
        return made;
    }

    /// <summary>Runs a program on one of the hosts to its end; what it wrote.</summary>
    public static Task<string> RunAsync(string host, string program, params string[] arguments) =>
        PeerProcess.RunAsync("ip", ["netns", "exec", host, program, .. arguments]);

    /// <summary>Starts a program on one of the hosts.</summary>
    public static Process Start(string host, string program, params string[] arguments)
    {
        var info = new ProcessStartInfo("ip") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["netns", "exec", host, program, .. arguments])
            info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }

    public async ValueTask DisposeAsync()
    {
        await IpAsync($"netns delete {Server}");
        await IpAsync($"netns delete {Elsewhere}");
    }

    private static Task IpAsync(string arguments) => PeerProcess.RunAsync("ip", arguments.Split(' '));
}
