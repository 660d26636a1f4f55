using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>Reads addresses; null where the text is none.</summary>
internal static class Addresses
{
    /// <summary>What is allowed for the server behind a proxy.</summary>
    public const string AllowedServers = "HOST:PORT, such as 127.0.0.1:8080, or unix:PATH, such as unix:/run/mysqld/mysqld.sock";

    private const string UnixPrefix = "unix:";

    /// <summary>Bytes of a path that fit <c>struct sockaddr_un</c> with the zero at its end (unix(7)).</summary>
    private const int LongestPath = 107;

    /// <summary>An address of this machine: IP:PORT.</summary>
    public static IPEndPoint? TryParseLocal(string text) =>
        IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal) ? address : null;

    /// <summary>One address around which a proxy can be installed: IP:PORT, neither of them open.</summary>
    public static IPEndPoint? TryParseInstallable(string text) =>
        TryParseLocal(text) is { Port: > 0 } address && !address.Address.Equals(IPAddress.Any) && !address.Address.Equals(IPAddress.IPv6Any) ? address : null;

    /// <summary>Where a server behind a proxy is: HOST:PORT, or <c>unix:</c> and the path of its socket on this machine (unix(7)).</summary>
    public static EndPoint? TryParseServer(string text)
    {
        if (!text.StartsWith(UnixPrefix, StringComparison.Ordinal))
            return TryParse(text);
        var path = text[UnixPrefix.Length..];
        return path.StartsWith('/') && Encoding.UTF8.GetByteCount(path) <= LongestPath ? new UnixDomainSocketEndPoint(path) : null;
    }

    /// <summary>An address as it is written.</summary>
    public static string Text(EndPoint address) => address switch
    {
        DnsEndPoint name => string.Create(CultureInfo.InvariantCulture, $"{name.Host}:{name.Port}"),
        UnixDomainSocketEndPoint => UnixPrefix + address,
        _ => address.ToString()!,
    };

    /// <summary>An address of any machine: HOST:PORT.</summary>
    public static EndPoint? TryParse(string text)
    {
        if (IPEndPoint.TryParse(text, out var address) && address.Port > 0)
            return address;
        var colon = text.LastIndexOf(':');
        return colon > 0
            && Uri.CheckHostName(text[..colon]) == UriHostNameType.Dns
            && ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new DnsEndPoint(text[..colon], port)
                : null;
    }
}
