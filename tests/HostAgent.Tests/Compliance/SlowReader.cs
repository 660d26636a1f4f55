using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>
/// A client that has asked for a reply after which the server ends the connection, and that takes none of it until it is told to: the
/// server's kernel keeps the rest of the reply, and no process has its connection any more.
/// </summary>
internal sealed class SlowReader : IDisposable
{
    private const int Window = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = Window };

    private SlowReader()
    {
    }

    /// <summary>Asks for so many characters, and gives the server a moment to send what it can and close.</summary>
    public static async Task<SlowReader> AskAsync(string endpoint, int length)
    {
        var reader = new SlowReader();
        await reader.socket.ConnectAsync(IPEndPoint.Parse(endpoint));
        await reader.socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /text/{length} HTTP/1.1\r\nHost: specimen\r\nConnection: close\r\n\r\n"));
        await Task.Delay(500);
        return reader;
    }

    /// <summary>Reads to the end; how many characters of the text have come.</summary>
    public async Task<int> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var reply = new StringBuilder();
        var buffer = new byte[Window];
        while (await socket.ReceiveAsync(buffer, patience.Token) is > 0 and var received)
            reply.Append(Encoding.ASCII.GetString(buffer, 0, received));
        return reply.ToString().Split("\r\n\r\n", 2) is [_, var text] ? text.Count(letter => letter == 'x') : 0;
    }

    public void Dispose() => socket.Dispose();
}
