using System.Globalization;
using System.Net;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Networks;

/// <summary>
/// A network namespace for each clone, joined to the host by one pair of virtual Ethernet devices. The host's filter lets
/// nothing through from the clone but its own out-proxy's port and replies to the in-proxy: no production server, no bus, no
/// other port, no other host, no IPv6. Needs no filter inside, where the clone might change it.
/// </summary>
internal sealed class SandboxNetworks(AgentSettings settings)
{
    private const int Highest = 250;
    private const string InnerSuffix = "-inner";

    private static readonly IPNetwork Range = new(IPAddress.Parse("10.213.0.0"), 16);

    private readonly SemaphoreSlim gate = new(1);

    private string TablePrefix => $"justrunit_{settings.Id}_";

    private string Prefix => $"jri-{settings.Id}-";

    /// <summary>Name of a sandbox' namespace.</summary>
    public string Namespace(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>Name of the namespace that a live clone is in, behind its sandbox' own.</summary>
    public string Inner(int number) => $"{Namespace(number)}{InnerSuffix}";

    /// <summary>Whether an address is one of the sandboxes' network, 10.213.0.0/16.</summary>
    public static bool Has(IPAddress address) => Range.Contains(address);

    /// <summary>Address of the clone.</summary>
    public static string CloneAddress(int number) => string.Create(CultureInfo.InvariantCulture, $"10.213.{number}.2");

    /// <summary>Address at which the clone finds its out-proxies.</summary>
    public static string HostAddress(int number) => string.Create(CultureInfo.InvariantCulture, $"10.213.{number}.1");

    /// <summary>Makes one.</summary>
    /// <param name="outProxy">The one address that the clone may reach; null for none.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="HostException">A tool failed; nothing is left.</exception>
    public Task<int> CreateAsync(Endpoint? outProxy) => CreateAsync(number => BuildAsync(number, outProxy));

    /// <summary>Makes one in a way of the caller's, under a free number.</summary>
    public async Task<int> CreateAsync(Func<int, Task> build)
    {
        await gate.WaitAsync();
        try
        {
            while (true)
            {
                var number = await FreeNumberAsync();
                try
                {
                    await build(number);
                    return number;
                }
                catch
                {
                    // Another agent may have taken the number meanwhile: then with the next.
                    var isTaken = await NamespaceBehindAsync(number) is { } other && other != Namespace(number);
                    await DestroyAsync(number);
                    if (!isTaken)
                        throw;
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Removes one and everything that belongs to it. What is gone is no error. The device has a number that another agent's may
    /// have by now: it is this agent's only where its namespace is behind it.
    /// </summary>
    public async Task DestroyAsync(int number)
    {
        await Tool.TryAsync("nft", $"delete table inet {Table(number)}");
        if (await NamespaceBehindAsync(number) == Namespace(number))
            await Tool.TryAsync("ip", $"link delete {HostDevice(number)}");
        await Tool.TryAsync("ip", $"netns delete {Namespace(number)}");
        await Tool.TryAsync("ip", $"netns delete {Inner(number)}");
    }

    /// <summary>What the host sends waits until the other side tells its hardware address again.</summary>
    public static Task HoldAsync(int number) => Tool.RunAsync("ip", $"neigh flush dev {HostDevice(number)}");

    /// <summary>Gives another agent's namespace, in which a process runs, this agent's name. May be repeated.</summary>
    public async Task TakeOverAsync(int number, string othersNamespace, int process)
    {
        if (!(await Tool.RunAsync("ip", "netns list")).Split('\n').Any(line => line.Split(' ')[0] == Namespace(number)))
            await Tool.RunAsync("ip", $"netns attach {Namespace(number)} {process}");
        await Tool.TryAsync("ip", $"netns delete {othersNamespace}");
    }

    /// <summary>The sandboxes of this agent of which anything exists.</summary>
    public async Task<IReadOnlyList<int>> ListAsync()
    {
        var names = (await Tool.RunAsync("ip", "netns list")).Split('\n').Select(line => line.Split(' ')[0].Trim());
        var tables = (await Tool.RunAsync("nft", "list tables inet")).Split('\n').Select(line => line.Split(' ')[^1].Trim());
        return
        [
            .. names.Select(name => NumberOf(name.Replace(InnerSuffix, "", StringComparison.Ordinal), Prefix))
                .Concat(tables.Select(name => NumberOf(name, TablePrefix)))
                .OfType<int>()
                .Distinct(),
        ];
    }

    /// <summary>The sandboxes of this agent that processes are in.</summary>
    public async Task<IReadOnlyList<int>> UsedByAsync(IEnumerable<int> processes)
    {
        var used = new HashSet<int>();
        // One process of each namespace tells its name.
        foreach (var process in processes.DistinctBy(process => new FileInfo($"/proc/{process}/ns/net").LinkTarget))
        {
            var names = await Tool.RunAsync("ip", string.Create(CultureInfo.InvariantCulture, $"netns identify {process}"));
            used.UnionWith(names.Split('\n')
                .Select(name => NumberOf(name.Trim().Replace(InnerSuffix, "", StringComparison.Ordinal), Prefix))
                .OfType<int>());
        }

        return [.. used];
    }

    /// <summary>The host's end of its pair of devices.</summary>
    public static string HostDevice(int number) => string.Create(CultureInfo.InvariantCulture, $"jri{number}h");

    /// <summary>The other end.</summary>
    public static string CloneDevice(int number) => string.Create(CultureInfo.InvariantCulture, $"jri{number}c");

    /// <summary>Name of the host's filter for it.</summary>
    public string Table(int number) => string.Create(CultureInfo.InvariantCulture, $"{TablePrefix}{number}");

    private static int? NumberOf(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name[prefix.Length..], CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Other agents on this host take numbers too: the devices tell which are taken.</summary>
    private static async Task<int> FreeNumberAsync()
    {
        var links = await Tool.RunAsync("ip", "-oneline link show");
        for (var number = 0; number <= Highest; number++)
        {
            var device = $" {HostDevice(number)}";
            if (!links.Contains($"{device}@", StringComparison.Ordinal) && !links.Contains($"{device}:", StringComparison.Ordinal))
                return number;
        }

        throw new HostException($"no sandbox network is free: all {Highest + 1} are in use");
    }

    /// <summary>
    /// Name of the namespace that the other end of a number's device is in; empty where it has no name, null without a device.
    /// </summary>
    private static async Task<string?> NamespaceBehindAsync(int number)
    {
        var links = await Tool.RunAsync("ip", "-oneline link show");
        var link = links.Split('\n').FirstOrDefault(line => line.Contains($" {HostDevice(number)}@", StringComparison.Ordinal));
        if (link is null)
            return null;
        var words = link.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var mark = Array.IndexOf(words, "link-netns");
        return mark >= 0 && mark + 1 < words.Length ? words[mark + 1].TrimEnd('\\') : "";
    }

    /// <summary>The plain sandbox: a namespace from which only the out-proxy can be reached.</summary>
    public async Task BuildAsync(int number, Endpoint? outProxy)
    {
        var (host, clone, name) = (HostDevice(number), CloneDevice(number), Namespace(number));
        await Tool.RunAsync("ip", $"netns add {name}");
        await Tool.RunAsync("ip", $"link add {host} type veth peer name {clone} netns {name}");
        await File.WriteAllTextAsync($"/proc/sys/net/ipv4/conf/{host}/route_localnet", "1");
        await Tool.RunAsync("nft", "-f -", Rules(number, outProxy));
        await Tool.RunAsync("ip", $"address add {HostAddress(number)}/30 dev {host}");
        await Tool.RunAsync("ip", $"link set {host} up");
        await Tool.RunAsync("ip", $"-netns {name} address add {CloneAddress(number)}/30 dev {clone}");
        await Tool.RunAsync("ip", $"-netns {name} link set {clone} up");
        await Tool.RunAsync("ip", $"-netns {name} link set lo up");
    }

    private string Rules(int number, Endpoint? outProxy)
    {
        var device = HostDevice(number);
        var (redirect, accept) = ("", "");
        if (outProxy is not null)
        {
            var (address, port) = (outProxy.Ip!.Address, outProxy.Port);
            redirect = $"iifname {device} ip daddr {HostAddress(number)} tcp dport {port} dnat ip to {address}:{port}";
            accept = $"iifname {device} ip daddr {address} tcp dport {port} accept";
        }

        return $$"""
            table inet {{Table(number)}} {
                chain prerouting {
                    type nat hook prerouting priority dstnat; policy accept;
                    {{redirect}}
                }
                chain input {
                    type filter hook input priority filter; policy accept;
                    iifname {{device}} ct state established accept
                    {{accept}}
                    iifname {{device}} drop
                }
                chain forward {
                    type filter hook forward priority filter; policy accept;
                    iifname {{device}} drop
                    oifname {{device}} drop
                }
            }

            """;
    }
}
