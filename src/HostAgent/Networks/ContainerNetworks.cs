using System.Globalization;
using System.Net;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Processes;
using JustRunIt.Hosting;

namespace JustRunIt.HostAgent.Networks;

/// <summary>
/// Networks of containers and of their live clones. An on-line container has a namespace with an address of its own; the host
/// forwards the address at which its program is to be reached (NAT). A live clone believes to be at that same inner address,
/// with the same MAC address and the same gateway: its namespace lies behind a second one, which the clone cannot change, that
/// gives it a unique outer address and lets it reach its out-proxy, and nothing else, where the original reaches its own. The
/// second one is a sandbox as other clones have it, so the host's filter holds too.
/// </summary>
internal sealed class ContainerNetworks(SandboxNetworks sandboxes)
{
    private const string InnerDevice = "eth0";
    private const string GatewayDevice = "inner";
    private const string NowhereDevice = "nowhere";

    // While a container moves the host asks for its hardware address in vain, and keeps what it has to send: an hour, and 4 MiB.
    private static readonly IReadOnlyList<(string Name, string Value)> NeighbourSettings =
        [("mcast_solicit", "3600"), ("unres_qlen_bytes", "4194304")];

    /// <summary>Path of the namespace that an on-line container is in.</summary>
    public string OnlinePath(int number) => $"/run/netns/{sandboxes.Namespace(number)}";

    /// <summary>Path of the namespace that a live clone is in.</summary>
    public string ClonePath(int number) => $"/run/netns/{sandboxes.Inner(number)}";

    /// <summary>Where a program that is to be reached at <paramref name="listen"/> listens inside.</summary>
    public static string InnerListen(int number, Endpoint listen) => $"{SandboxNetworks.CloneAddress(number)}:{listen.Port}";

    /// <summary>Where a container finds its next tier: the gateway stands for addresses of this host.</summary>
    public static string? InnerNext(int number, Endpoint? next) => next is null ? null : SeenNext(number, next).ToString();

    /// <summary>Makes the network of an on-line container; returns its number.</summary>
    /// <param name="listen">host:port at which its program is to be reached.</param>
    /// <param name="next">host:port of its next tier; null for none.</param>
    public Task<int> CreateOnlineAsync(Endpoint listen, Endpoint? next) =>
        sandboxes.CreateAsync(number => BuildOnlineAsync(number, listen, next));

    /// <summary>Makes the network of a live clone; returns its number.</summary>
    /// <param name="original">Number of the original's network.</param>
    /// <param name="listen">host:port at which the original is reached.</param>
    /// <param name="onlineNext">The original's next tier.</param>
    /// <param name="outProxy">The address that is to answer in its place; null for none.</param>
    public Task<int> CreateCloneAsync(int original, Endpoint listen, Endpoint? onlineNext, Endpoint? outProxy) =>
        sandboxes.CreateAsync(async number =>
    {
        await sandboxes.BuildAsync(number, outProxy);
        await BuildBehindAsync(number, original, listen, onlineNext, outProxy);
    });

    /// <summary>
    /// Makes the place for an on-line container that another agent sends: a namespace that is like its own from inside, and
    /// leads nowhere until the device is taken over.
    /// </summary>
    public async Task CreateArrivalAsync(int number)
    {
        var name = sandboxes.Namespace(number);
        await Tool.TryAsync("ip", $"netns delete {name}");
        await Tool.RunAsync("ip", $"netns add {name}");
        await Tool.RunAsync("ip", $"-netns {name} link add {InnerDevice} address {InnerMac(number)} type veth peer name {NowhereDevice}");
        await Tool.RunAsync("ip", $"-netns {name} link set {NowhereDevice} up");
        await SetUpInnerAsync(name, number);
    }

    /// <summary>
    /// Takes over the device of another agent's container. What was held for it is lost with its carrier, and repeated by TCP. May
    /// be repeated.
    /// </summary>
    public async Task TakeOverDeviceAsync(int number, string othersNamespace)
    {
        var name = sandboxes.Namespace(number);
        if (await HasDeviceAsync(othersNamespace))
        {
            await Tool.TryAsync("ip", $"-netns {name} link delete {NowhereDevice}");
            await Tool.RunAsync("ip", $"-netns {othersNamespace} link set {InnerDevice} netns {name}");
        }

        await Tool.RunAsync("ip", $"-netns {name} -batch -", $"""
            address replace {SandboxNetworks.CloneAddress(number)}/30 dev {InnerDevice}
            link set {InnerDevice} arp on
            link set {InnerDevice} up
            route replace default via {SandboxNetworks.HostAddress(number)}

            """);
    }

    /// <summary>The other agent's namespace is empty now: it goes.</summary>
    public static Task RemoveEmptyAsync(string othersNamespace) => Tool.TryAsync("ip", $"netns delete {othersNamespace}");

    /// <summary>Puts this agent's rules in the place of another's, for a network that it has taken over. May be repeated.</summary>
    public Task TakeOverRulesAsync(int number, string othersTable, Endpoint listen, Endpoint? next)
    {
        var mine = sandboxes.Table(number);
        return Tool.RunAsync("nft", "-f -", $"""
            add table inet {othersTable}
            delete table inet {othersTable}
            add table inet {mine}
            delete table inet {mine}
            {OnlineRules(number, listen, next)}
            """);
    }

    /// <summary>What a program that holds what goes to and from an on-line container must be told (hold.sh).</summary>
    public IReadOnlyDictionary<string, string> Holding(int number) => new Dictionary<string, string>
    {
        ["JUSTRUNIT_NAMESPACE"] = sandboxes.Namespace(number),
        ["JUSTRUNIT_INSIDE"] = InnerDevice,
        ["JUSTRUNIT_OUTSIDE"] = SandboxNetworks.HostDevice(number),
        ["JUSTRUNIT_ADDRESS"] = SandboxNetworks.CloneAddress(number),
        ["JUSTRUNIT_MAC"] = InnerMac(number),
    };

    /// <summary>Delivers what was held, once the device answers again.</summary>
    public static Task DeliverAsync(int number)
    {
        var (address, device) = (SandboxNetworks.CloneAddress(number), SandboxNetworks.HostDevice(number));
        return Tool.RunAsync("ip", $"neigh replace {address} lladdr {InnerMac(number)} dev {device} nud reachable");
    }

    /// <summary>Lets both sides of an on-line container go that a program has held (hold.sh) and not released. May be repeated.</summary>
    public async Task ReleaseAsync(int number)
    {
        var name = sandboxes.Namespace(number);
        await Tool.TryAsync("ip", $"netns exec {name} nft delete table inet justrunit_hold");
        await Tool.RunAsync("ip", $"-netns {name} link set {InnerDevice} arp on");
        await Tool.RunAsync(
            "ip", ["netns", "exec", name, "sh", "-c", $"echo 0 > /proc/sys/net/ipv4/conf/{InnerDevice}/arp_ignore"]);
        await DeliverAsync(number);
    }

    private static async Task<bool> HasDeviceAsync(string name)
    {
        try
        {
            await Tool.RunAsync("ip", $"-netns {name} link show {InnerDevice}");
            return true;
        }
        catch (HostException)
        {
            return false;
        }
    }

    private async Task BuildOnlineAsync(int number, Endpoint listen, Endpoint? next)
    {
        var (host, name) = (SandboxNetworks.HostDevice(number), sandboxes.Namespace(number));
        await Tool.RunAsync("ip", $"netns add {name}");
        var inner = $"name {InnerDevice} address {InnerMac(number)} netns {name}";
        await Tool.RunAsync("ip", $"link add {host} address {GatewayMac(number)} type veth peer {inner}");
        await File.WriteAllTextAsync($"/proc/sys/net/ipv4/conf/{host}/route_localnet", "1");
        foreach (var (setting, value) in NeighbourSettings)
            await File.WriteAllTextAsync($"/proc/sys/net/ipv4/neigh/{host}/{setting}", value);
        await Tool.RunAsync("nft", "-f -", OnlineRules(number, listen, next));
        await Tool.RunAsync("ip", $"address add {SandboxNetworks.HostAddress(number)}/30 dev {host}");
        await Tool.RunAsync("ip", $"link set {host} up");
        await SetUpInnerAsync(name, number);
    }

    private async Task BuildBehindAsync(int number, int original, Endpoint listen, Endpoint? onlineNext, Endpoint? outProxy)
    {
        var (gateway, inner) = (sandboxes.Namespace(number), sandboxes.Inner(number));
        await Tool.RunAsync("ip", $"netns add {inner}");
        var peer = $"name {InnerDevice} address {InnerMac(original)} netns {inner}";
        await Tool.RunAsync("ip", $"-netns {gateway} link add {GatewayDevice} address {GatewayMac(original)} type veth peer {peer}");
        await Tool.RunAsync("ip", ["netns", "exec", gateway, "nft", GatewayRules(number, original, listen, onlineNext, outProxy)]);
        await Tool.RunAsync("ip", ["netns", "exec", gateway, "sh", "-c", EmbeddedScript.Read("forward.sh")]);
        await Tool.RunAsync("ip", $"-netns {gateway} address add {SandboxNetworks.HostAddress(original)}/30 dev {GatewayDevice}");
        await Tool.RunAsync("ip", $"-netns {gateway} link set {GatewayDevice} up");
        await SetUpInnerAsync(inner, original);
    }

    /// <summary>The inside is the same for an original and its clone.</summary>
    private static async Task SetUpInnerAsync(string name, int number)
    {
        await Tool.RunAsync("ip", $"-netns {name} address add {SandboxNetworks.CloneAddress(number)}/30 dev {InnerDevice}");
        await Tool.RunAsync("ip", $"-netns {name} link set {InnerDevice} up");
        await Tool.RunAsync("ip", $"-netns {name} link set lo up");
        await Tool.RunAsync("ip", $"-netns {name} route add default via {SandboxNetworks.HostAddress(number)}");
    }

    private string OnlineRules(int number, Endpoint listen, Endpoint? next)
    {
        var (device, inner, gateway) = (
            SandboxNetworks.HostDevice(number), SandboxNetworks.CloneAddress(number), SandboxNetworks.HostAddress(number));
        var (address, port) = (listen.Ip!.Address, listen.Port);
        var toNext = next is not null && IsLoopback(next)
            ? $"iifname {device} ip daddr {gateway} tcp dport {next.Port} dnat ip to {next.Ip!.Address}:{next.Port}"
            : "";
        // A server on the host's loopback address expects its clients there too.
        var fromLoopback = toNext.Length > 0 ? $"iifname {device} ip daddr 127.0.0.0/8 snat ip to 127.0.0.1" : "";
        return $$"""
            table inet {{sandboxes.Table(number)}} {
                chain input {
                    type nat hook input priority 100; policy accept;
                    {{fromLoopback}}
                }
                chain prerouting {
                    type nat hook prerouting priority dstnat; policy accept;
                    {{toNext}}
                    iifname != {{device}} ip daddr {{address}} tcp dport {{port}} dnat ip to {{inner}}
                }
                chain output {
                    type nat hook output priority -100; policy accept;
                    ip daddr {{address}} tcp dport {{port}} dnat ip to {{inner}}
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    oifname {{device}} ip saddr 127.0.0.0/8 masquerade
                    oifname != {{device}} ip saddr {{inner}} masquerade
                }
            }

            """;
    }

    private static string GatewayRules(int number, int original, Endpoint listen, Endpoint? onlineNext, Endpoint? outProxy)
    {
        var (inner, outer) = (SandboxNetworks.CloneAddress(original), SandboxNetworks.CloneDevice(number));
        var port = listen.Port;
        var toProxy = "";
        if (onlineNext is not null && outProxy is not null)
        {
            var seen = SeenNext(original, onlineNext);
            var proxy = $"{SandboxNetworks.HostAddress(number)}:{outProxy.Port}";
            toProxy = $"iifname {GatewayDevice} ip daddr {seen.Ip!.Address} tcp dport {seen.Port} dnat ip to {proxy}";
        }

        // A guest's kernel keeps the connections that were open at the instant of cloning: they end once it uses them.
        var resets = $"iifname {GatewayDevice} tcp flags & (syn | rst) == 0 reject with tcp reset";
        return $$"""
            table inet justrunit {
                chain prerouting {
                    type nat hook prerouting priority dstnat; policy accept;
                    iifname {{outer}} tcp dport {{port}} dnat ip to {{inner}}
                    {{toProxy}}
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    masquerade
                }
                chain input {
                    type filter hook input priority filter; policy accept;
                    {{resets}}
                    iifname {{GatewayDevice}} drop
                }
                chain forward {
                    type filter hook forward priority filter; policy drop;
                    ct state established,related accept
                    ct status dnat accept
                    {{resets}}
                }
            }

            """;
    }

    /// <summary>MAC address of the inner device.</summary>
    public static string InnerMac(int number) => string.Create(CultureInfo.InvariantCulture, $"02:6a:72:69:{number:x2}:02");

    private static string GatewayMac(int number) => string.Create(CultureInfo.InvariantCulture, $"02:6a:72:69:{number:x2}:01");

    /// <summary>A container's own loopback is another one: the gateway stands for that of this host.</summary>
    private static Endpoint SeenNext(int number, Endpoint next) =>
        IsLoopback(next) ? next.WithHost(IPAddress.Parse(SandboxNetworks.HostAddress(number))) : next;

    private static bool IsLoopback(Endpoint endpoint) => IPAddress.IsLoopback(endpoint.Ip!.Address);
}
