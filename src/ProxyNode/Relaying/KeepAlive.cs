using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// Finds out that a peer has vanished without a word: its machine was switched off, or a firewall forgot the connection. One that idles and
/// is there answers by itself, for ever.
/// </summary>
internal static class KeepAlive
{
    private const int SecondsUntilFirst = 120;
    private const int SecondsBetween = 30;
    private const int Probes = 4;

    /// <summary>Probes the peer after two minutes of silence; it has vanished when it has not answered for two more (tcp(7)).</summary>
    public static void Set(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, SecondsUntilFirst);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, SecondsBetween);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }
}
