using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Opens connections to the servers behind the proxies.</summary>
internal static class ServerSocket
{
    /// <summary>
    /// How long a server may be too busy to take a connection over a Unix socket: as long as TCP's first repetitions take.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(7);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Connects to a server, past a redirection of its address to this proxy. A name is looked up for each connection, and each of
    /// its addresses is tried in turn.
    /// </summary>
    /// <exception cref="SocketException">It does not answer, or refuses; or the name is not known.</exception>
    public static ValueTask<LoopSocket> ConnectAsync(EndPoint server, EventLoop loop, CancellationToken stop) => server switch
    {
        DnsEndPoint name => ConnectByNameAsync(name, loop, stop),
        UnixDomainSocketEndPoint => ConnectByPathAsync(server, loop, stop),
        _ => LoopSocket.ConnectAsync(Tcp(server), server, loop, stop),
    };

    private static Socket Tcp(EndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        KeepAlive.Set(socket);
        (server as MarkedEndPoint)?.Mark(socket);
        return socket;
    }

    private static async ValueTask<LoopSocket> ConnectByNameAsync(DnsEndPoint name, EventLoop loop, CancellationToken stop)
    {
        var failure = new SocketException((int)SocketError.HostNotFound);
        foreach (var address in await Dns.GetHostAddressesAsync(name.Host, stop).ConfigureAwait(false))
        {
            try
            {
                var server = new IPEndPoint(address, name.Port);
                return await LoopSocket.ConnectAsync(Tcp(server), server, loop, stop).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }

        throw failure;
    }

    /// <summary>A Unix socket whose queue of connections is full says so at once, where TCP would wait (connect(2), EAGAIN).</summary>
    private static async ValueTask<LoopSocket> ConnectByPathAsync(EndPoint server, EventLoop loop, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(1); ; pause = pause < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                return await LoopSocket.ConnectAsync(socket, server, loop, stop).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock && Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(pause, stop).ConfigureAwait(false);
            }
        }
    }
}
