using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.ProxyNode.Http;

namespace JustRunIt.ProxyNode.Tests.Soaking;

/// <summary>
/// An HTTP client that breaks off by chance: before it asks, within a request, before the reply, within it, after it.
/// </summary>
internal sealed class CarelessClient(IPEndPoint server, Random random, double carelessness) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly byte[] heard = new byte[16 * 1024];
    private Socket? socket;

    /// <summary>Asks once; false when it was broken off, or not answered well.</summary>
    public async Task<bool> AskAsync()
    {
        var chance = random.NextDouble() / carelessness;
        try
        {
            if (socket is null)
            {
                socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(server);
            }

            if (chance < 0.1)
                return Reset();
            var request = Request();
            var part = chance < 0.4 ? random.Next(request.Length) : request.Length;
            await socket.SendAsync(request.AsMemory(0, part));
            if (part < request.Length || chance < 0.6)
                return Reset();
            using var patience = new CancellationTokenSource(Patience);
            for (var count = 0; !IsWhole(heard.AsSpan(0, count));)
            {
                var received = await socket.ReceiveAsync(heard.AsMemory(count), patience.Token);
                if (received == 0 || chance < 0.8)
                    return Reset();
                count += received;
            }

            return chance is > 0.9 and < 1 ? Reset() : heard.AsSpan().StartsWith("HTTP/1.1 200"u8);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            return Reset();
        }
    }

    public void Dispose() => socket?.Dispose();

    private byte[] Request() => random.Next(3) == 0
        ? Encoding.ASCII.GetBytes($"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 405\r\n\r\n{new string('p', 400)}\r\n\r\n!")
        : Encoding.ASCII.GetBytes($"GET /{random.Next(50)} HTTP/1.1\r\nHost: h\r\nX-End: !\r\n\r\n");

    private static bool IsWhole(ReadOnlySpan<byte> reply)
    {
        if (!HeadParser.TryReadReply(reply, out var head))
            return false;
        var body = new BodyScanner(head);
        body.Advance(reply[head.Length..]);
        return body.IsDone;
    }

    private bool Reset()
    {
        if (socket is not null)
            socket.LingerState = new LingerOption(true, 0);
        socket?.Dispose();
        socket = null;
        return false;
    }
}
