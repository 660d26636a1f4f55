using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>One client connection whose bytes are relayed without being understood; each direction ends for itself.</summary>
internal static class TunnelConnection
{
    /// <summary>Connects to the server and relays until both sides have ended, or one has failed.</summary>
    public static async Task RunAsync(Socket client, EndPoint upstream, CancellationToken stop)
    {
        var loop = EventLoop.Next();
        using var server = await ServerSocket.ConnectAsync(upstream, loop, stop).ConfigureAwait(false);
        using var own = new LoopSocket(client, loop);
        await using var closesOwn = own.CloseOn(stop).ConfigureAwait(false);
        await using var closesServer = server.CloseOn(stop).ConfigureAwait(false);
        var upwards = CopyAsync(own, server);
        var downwards = CopyAsync(server, own);
        var first = await Task.WhenAny(upwards, downwards).ConfigureAwait(false);
        if (!first.IsCompletedSuccessfully)
        {
            own.Dispose();
            server.Dispose();
        }

        await Task.WhenAll(upwards, downwards).ConfigureAwait(false);
    }

    private static async Task CopyAsync(LoopSocket from, LoopSocket to)
    {
        using var buffer = new ReadBuffer(longestUnit: 0);
        while (true)
        {
            var received = await from.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
            if (received == 0)
                break;
            buffer.Received(received);
            await to.SendAsync(buffer.Memory).ConfigureAwait(false);
            buffer.Take(received);
        }

        to.Shutdown(SocketShutdown.Send);
    }
}
