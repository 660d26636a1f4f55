using System.Diagnostics;
using JustRunIt.Events.Store;
using Npgsql;

namespace JustRunIt.Events.Store.Tests;

/// <summary>
/// A host of its own as far as the network goes: a namespace from which the servers of this machine are reached through one link. Cut
/// the link, and nobody is told: neither end hears anything of the other any more.
/// </summary>
internal sealed class VanishingHost : IDisposable
{
    private const string Near = "10.213.7.1";
    private readonly string name = $"jrr-{Environment.ProcessId}";
    private readonly string link = $"jrr{Environment.ProcessId % 100_000}";

    public VanishingHost()
    {
        Remove();
        Run("ip", "netns", "add", name);
        Run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name);
        Run("ip", "addr", "add", $"{Near}/30", "dev", link);
        Run("ip", "link", "set", link, "up");
        Run("ip", "-n", name, "addr", "add", "10.213.7.2/30", "dev", "eth0");
        Run("ip", "-n", name, "link", "set", "eth0", "up");
        Run("ip", "-n", name, "link", "set", "lo", "up");
        // The servers listen on the loopback address alone, and trust no other.
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{link}/route_localnet", "1");
        Run("nft", $"add table ip {link}");
        Run("nft", $"add chain ip {link} pre {{ type nat hook prerouting priority -100; }}");
        Run("nft", $"add chain ip {link} inp {{ type nat hook input priority 100; }}");
        Run("nft", $"add rule ip {link} pre iifname {link} ip daddr {Near} dnat to 127.0.0.1");
        Run("nft", $"add rule ip {link} inp iifname {link} ip daddr 127.0.0.1 snat to 127.0.0.1");
    }

    /// <summary>Whether this process may make one.</summary>
    public static bool IsPossible => Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/nft");

    /// <summary>What runs a program there.</summary>
    public IReadOnlyList<string> Prefix => ["ip", "netns", "exec", name];

    /// <summary>The servers as they are reached from there.</summary>
    public static Connections Seen(Connections connections) => new(
        new NpgsqlConnectionStringBuilder(connections.Postgres) { Host = Near }.ConnectionString,
        new UriBuilder(connections.RabbitMq) { Host = Near }.Uri);

    /// <summary>Cuts the link: packets are lost, on both sides, without a word.</summary>
    public void Vanish() => Run("ip", "link", "set", link, "down");

    public void Dispose() => Remove();

    private static int Run(string program, params string[] arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardError = true };
        using var process = Process.Start(info)!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? 0 : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors}");
    }

    private void Remove()
    {
        string[][] commands = [["ip", "netns", "del", name], ["ip", "link", "del", link], ["nft", $"delete table ip {link}"]];
        foreach (var command in commands)
            _ = Record.Exception(() => Run(command[0], command[1..]));
    }
}
