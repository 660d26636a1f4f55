using System.Net;

namespace JustRunIt.Hosting;

/// <summary>Addresses as people write them.</summary>
public static class IPAddressExtensions
{
    /// <summary>
    /// The address itself, or the IPv4 address that it maps to IPv6 (<c>::ffff:10.0.0.1</c>, RFC 4291 §2.5.5.2): what a socket for both
    /// calls a peer that speaks IPv4.
    /// </summary>
    public static IPAddress Unmapped(this IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>The same end of a connection, its address unmapped.</summary>
    public static IPEndPoint Unmapped(this IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;
}
