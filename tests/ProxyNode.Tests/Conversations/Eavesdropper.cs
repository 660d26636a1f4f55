using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>Relays between two peers without understanding them, and writes down what each says, connection by connection.</summary>
internal sealed class Eavesdropper : IDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly EndPoint server;
    private readonly List<List<Said>> heard = [];

    public Eavesdropper(EndPoint server)
    {
        this.server = server;
        listener.Bind(Settings.Free);
        listener.Listen();
        _ = ListenAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndPoint!;

    /// <summary>What was said so far on each connection on which something was said.</summary>
    public IReadOnlyList<IReadOnlyList<Said>> Heard
    {
        get
        {
            lock (heard)
                return [.. heard.Where(parts => parts.Count > 0).Select(parts => parts.ToArray())];
        }
    }

    public void Dispose() => listener.Dispose();

    private async Task ListenAsync()
    {
        try
        {
            while (true)
                _ = RelayAsync(await listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        var parts = new List<Said>();
        lock (heard)
            heard.Add(parts);
        using var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        await upstream.ConnectAsync(server);
        await Task.WhenAll(CopyAsync(client, upstream, Speaker.Client), CopyAsync(upstream, client, Speaker.Server));
        client.Dispose();

        async Task CopyAsync(Socket from, Socket to, Speaker by)
        {
            try
            {
                var buffer = new byte[64 * 1024];
                while (await from.ReceiveAsync(buffer) is > 0 and var count)
                {
                    lock (heard)
                    {
                        if (parts.Count > 0 && parts[^1].By == by)
                            parts[^1] = parts[^1] with { Bytes = [.. parts[^1].Bytes, .. buffer.AsSpan(0, count)] };
                        else
                            parts.Add(new Said(by, buffer[..count]));
                    }

                    await to.SendAsync(buffer.AsMemory(0, count));
                }

                to.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                to.Dispose();
            }
        }
    }
}
