using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Installing;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Opens sockets to the servers behind the proxies.</summary>
internal static class ServerSocket
{
    /// <summary>A socket that can connect to an address, past a redirection of it to this proxy.</summary>
    public static Socket For(EndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        (server as MarkedEndPoint)?.Mark(socket);
        return socket;
    }
}
