using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>One client connection whose bytes are relayed without being understood; each direction ends for itself.</summary>
internal static class TunnelConnection
{
    /// <summary>Connects to the server and relays until both sides have ended, or one has failed.</summary>
    public static async Task RunAsync(Socket client, EndPoint upstream, CancellationToken stop)
    {
        using var server = ServerSocket.For(upstream);
        await server.ConnectAsync(upstream, stop).ConfigureAwait(false);
        await using var registration = stop.UnsafeRegister(
            static state =>
            {
                var (client, server) = ((Socket, Socket))state!;
                client.Dispose();
                server.Dispose();
            },
            (client, server)).ConfigureAwait(false);
        var upwards = CopyAsync(client, server);
        var downwards = CopyAsync(server, client);
        var first = await Task.WhenAny(upwards, downwards).ConfigureAwait(false);
        if (!first.IsCompletedSuccessfully)
        {
            client.Dispose();
            server.Dispose();
        }

        await Task.WhenAll(upwards, downwards).ConfigureAwait(false);
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        using var buffer = new ReadBuffer(longestUnit: 0);
        while (true)
        {
            var received = await from.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
            if (received == 0)
                break;
            buffer.Received(received);
            for (var rest = buffer.Memory; !rest.IsEmpty;)
                rest = rest[await to.SendAsync(rest).ConfigureAwait(false)..];
            buffer.Take(received);
        }

        to.Shutdown(SocketShutdown.Send);
    }
}
