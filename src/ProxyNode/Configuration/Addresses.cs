using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Configuration;

/// <summary>Reads addresses; null where the text is none.</summary>
internal static class Addresses
{
    /// <summary>An address of this machine: IP:PORT.</summary>
    public static IPEndPoint? TryParseLocal(string text) =>
        IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal) ? address : null;

    /// <summary>One address around which a proxy can be installed: IP:PORT, neither of them open.</summary>
    public static IPEndPoint? TryParseInstallable(string text) =>
        TryParseLocal(text) is { Port: > 0 } address && !address.Address.Equals(IPAddress.Any) && !address.Address.Equals(IPAddress.IPv6Any) ? address : null;

    /// <summary>An address of any machine: HOST:PORT.</summary>
    public static EndPoint? TryParse(string text)
    {
        if (IPEndPoint.TryParse(text, out var address) && address.Port > 0)
            return address;
        var colon = text.LastIndexOf(':');
        return colon > 0
            && Uri.CheckHostName(text[..colon]) == UriHostNameType.Dns
            && ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new DnsEndPoint(text[..colon], port, AddressFamily.InterNetwork)
                : null;
    }
}
