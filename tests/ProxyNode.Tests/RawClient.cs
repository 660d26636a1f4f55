using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>A client that sends what it is told, byte for byte.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

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

    /// <summary>What comes next, however much of it the network brings at once: an answer may take several.</summary>
    public async Task<string> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[65536];
        var count = await Socket.ReceiveAsync(buffer, patience.Token);
        return Encoding.Latin1.GetString(buffer, 0, count);
    }

    /// <summary>So many characters of what the peer says; fewer where it ends.</summary>
    public async Task<string> ReadAsync(int length) => await ReadUntilAsync(said => said.Length >= length);

    /// <summary>One reply of HTTP/1.1, whole, however many parts it comes in; the head alone where that tells of no body.</summary>
    public async Task<string> ReadReplyAsync() => await ReadUntilAsync(IsWholeReply);

    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        while (await ReadAsync() is { Length: > 0 } part)
            text.Append(part);
        return text.ToString();
    }

    public void Dispose() => Socket.Dispose();

    private static bool IsWholeReply(string said)
    {
        if (said.IndexOf("\r\n\r\n", StringComparison.Ordinal) is not (>= 0 and var end))
            return false;
        var (head, body) = (said[..(end + 2)], said[(end + 4)..]);
        if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
            return body == "0\r\n\r\n" || body.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal);
        const string name = "\r\nContent-Length: ";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return at < 0 || body.Length >= int.Parse(head[(at + name.Length)..].Split('\r')[0], CultureInfo.InvariantCulture);
    }

    private async Task<string> ReadUntilAsync(Func<string, bool> isWhole)
    {
        var said = "";
        while (!isWhole(said) && await ReadAsync() is { Length: > 0 } part)
            said += part;
        return said;
    }
}
