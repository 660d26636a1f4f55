using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A client that sends what it is told, byte for byte.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private RawClient(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public static RawClient Of(Socket socket) => new(socket);

    public static async Task<RawClient> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        return new RawClient(socket);
    }

    public async Task SendAsync(string text) => await Socket.SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task<string> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[65536];
        var count = await Socket.ReceiveAsync(buffer, patience.Token);
        return Encoding.Latin1.GetString(buffer, 0, count);
    }

    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        while (await ReadAsync() is { Length: > 0 } part)
            text.Append(part);
        return text.ToString();
    }

    public void Dispose() => Socket.Dispose();
}
