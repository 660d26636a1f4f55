using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.ProxyNode.Tests.Soaking;

/// <summary>
/// An HTTP server that resets connections by chance: as it accepts, before it answers, in the midst of a reply, after it.
/// </summary>
internal sealed class CarelessServer : IAsyncDisposable
{
    private static readonly byte[] Reply = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Length: 700\r\nSet-Cookie: s=1\r\n\r\n{new string('r', 700)}");
    private static readonly byte[] Chunked = Encoding.ASCII.GetBytes(
        $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12c\r\n{new string('c', 300)}\r\n0\r\n\r\n");

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly double carelessness;
    private readonly Task accepting;
    private int open;
    private long resets;

    public CarelessServer(double carelessness)
    {
        this.carelessness = carelessness;
        listener.Bind(Settings.Free);
        listener.Listen(512);
        accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint => (IPEndPoint)listener.LocalEndPoint!;

    public int Open => Volatile.Read(ref open);

    public long Resets => Interlocked.Read(ref resets);

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        Interlocked.Increment(ref open);
        try
        {
            var hearing = new byte[64 * 1024];
            var waiting = 0;
            while (true)
            {
                var chance = Random.Shared.NextDouble() / carelessness;
                if (chance < 0.1)
                    Reset(client);
                var count = await client.ReceiveAsync(hearing.AsMemory(waiting));
                if (count == 0)
                    return;
                waiting += count;
                // The clients here send one request at a time, and end each with this.
                if (!hearing.AsSpan(0, waiting).EndsWith("!\r\n\r\n"u8) && !hearing.AsSpan(0, waiting).EndsWith("\r\n\r\n!"u8))
                    continue;
                waiting = 0;
                if (chance is > 0.1 and < 0.3)
                    Reset(client);
                var reply = Random.Shared.Next(2) == 0 ? Reply : Chunked;
                var part = chance is > 0.3 and < 0.6 ? Random.Shared.Next(reply.Length) : reply.Length;
                await client.SendAsync(reply.AsMemory(0, part));
                if (part < reply.Length || chance is > 0.6 and < 0.7)
                    Reset(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was reset, by us or by the peer.
        }
        finally
        {
            client.Dispose();
            Interlocked.Decrement(ref open);
        }
    }

    private void Reset(Socket client)
    {
        Interlocked.Increment(ref resets);
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();
        throw new ObjectDisposedException("reset");
    }
}
