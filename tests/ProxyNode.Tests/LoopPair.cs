using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A connection of a socket on a loop with a plain one of the runtime.</summary>
internal static class LoopPair
{
    public static async Task<(LoopSocket Own, Socket Peer)> OpenAsync(EventLoop? loop = null)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var own = await LoopSocket.ConnectAsync(socket, listener.LocalEndPoint!, loop ?? EventLoop.Next(), CancellationToken.None);
        return (own, await listener.AcceptAsync());
    }
}
