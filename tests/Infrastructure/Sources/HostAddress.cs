using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Infrastructure.Sources;

/// <summary>Addresses of hosts that are given by name.</summary>
internal static class HostAddress
{
    /// <summary>The host's first IPv4 address, with the port.</summary>
    public static async Task<IPEndPoint> ResolveAsync(string host, int port, CancellationToken cancellation = default)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, AddressFamily.InterNetwork, cancellation).ConfigureAwait(false);
        return new IPEndPoint(addresses[0], port);
    }
}
