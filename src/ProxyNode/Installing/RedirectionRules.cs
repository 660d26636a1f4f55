using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Installing;

/// <summary>
/// The nftables rules of one redirection (nft(8)): new connections to an address go to the proxy while the proxy shows that it
/// lives, those that carry the proxy's mark excepted.
/// </summary>
/// <remarks>
/// The proxy's heartbeat is an empty datagram that a rule swallows on its way out, and that puts the address into a set whose
/// elements time out. No process has to notice that the proxy is dead: the kernel looks at the element's age with each
/// connection. Only a connection's first segment (SYN) is redirected: connections that were open before are tracked from some
/// later segment on, and would otherwise be taken for new ones.
/// </remarks>
/// <param name="Address">Which is redirected.</param>
/// <param name="Proxy">Where to.</param>
/// <param name="Mark">Of the proxy's own connections, and of its heartbeat.</param>
internal sealed record RedirectionRules(IPEndPoint Address, IPEndPoint Proxy, int Mark)
{
    /// <summary>Names of the tables of all proxies begin so, and of no others.</summary>
    public const string Prefix = "justrunit_proxy_";

    /// <summary>Port of the heartbeat's datagrams; none ever leaves (RFC 863, discard).</summary>
    public const int HeartbeatPort = 9;

    /// <summary>The set that holds the address while the proxy lives.</summary>
    public const string Alive = "alive";

    /// <summary>Age at which a heartbeat counts no more: after this time a dead proxy is bypassed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMilliseconds(500);

    private static readonly string[] Redirecting = ["prerouting", "output"];

    /// <summary>Family of the table: ip or ip6.</summary>
    public string Family => Address.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";

    /// <summary>Name of the table: every installation has one of its own.</summary>
    public string Table => NamesOf(Address) + Mark.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>How the names of all tables that redirect an address begin.</summary>
    public static string NamesOf(IPEndPoint address) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{address.Address.ToString().Replace(':', '-')}_{address.Port}_");

    /// <summary>
    /// Puts the rules in force, all at once. The table begins alive, so that no other proxy's start takes it for an orphan.
    /// </summary>
    public string Install()
    {
        var lifetime = string.Create(CultureInfo.InvariantCulture, $"{Lifetime.TotalMilliseconds}ms");
        var ownMark = string.Create(CultureInfo.InvariantCulture, $"0x{Mark:x8}");
        var type = Family == "ip6" ? "ipv6_addr" : "ipv4_addr";
        var redirect = $"meta mark != {ownMark} {Family} daddr @{Alive} tcp dport {Address.Port} "
            + $"tcp flags & (fin|syn|rst|ack) == syn ct timeout set \"refused\" counter {Target}";
        var heartbeat = $"meta mark {ownMark} {Family} daddr {Address.Address} udp dport {HeartbeatPort}";
        return $$"""
            table {{Family}} {{Table}} {
                set {{Alive}} {
                    type {{type}}; size 8; flags dynamic,timeout; timeout {{lifetime}}
                    elements = { {{Address.Address}} timeout {{lifetime}} }
                }
                ct timeout refused { protocol tcp; l3proto {{Family}}; policy = { close: 0 }; }
                chain heartbeat {
                    type filter hook output priority raw - 10; policy accept;
                    {{heartbeat}} update @{{Alive}} { {{Family}} daddr timeout {{lifetime}} } drop
                }
                chain prerouting {
                    type nat hook prerouting priority dstnat - 1; policy accept;
                    {{(IsReachedFromElsewhere ? redirect : "")}}
                }
                chain output {
                    type nat hook output priority -101; policy accept;
                    {{redirect}}
                }
            }

            """;
    }

    /// <summary>
    /// Redirects no new connections. Those that were go on: the table stays, and with it the translation of their addresses.
    /// </summary>
    public string Bypass() => string.Concat(Redirecting.Select(chain => $"flush chain {Family} {Table} {chain}\n"));

    /// <summary>Takes everything away.</summary>
    public string Remove() => $"delete table {Family} {Table}\n";

    /// <summary>A segment from elsewhere can not be sent to a loopback address (ip-sysctl, route_localnet).</summary>
    private bool IsReachedFromElsewhere => !IPAddress.IsLoopback(Proxy.Address);

    private string Target => Proxy.Address.Equals(IPAddress.Any) || Proxy.Address.Equals(IPAddress.IPv6Any)
        ? $"redirect to :{Proxy.Port}"
        : $"dnat to {Proxy}";
}
