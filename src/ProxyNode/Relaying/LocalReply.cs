namespace JustRunIt.ProxyNode.Relaying;

/// <summary>Replies that the proxy gives itself; each ends the connection.</summary>
internal static class LocalReply
{
    private const string Close = "Connection: close\r\nContent-Type: text/plain\r\n";

    /// <summary>The request could be read in two ways, or in none.</summary>
    public static ReadOnlyMemory<byte> BadRequest { get; } = Text("400 Bad Request", "The request is no well-formed HTTP/1.1.\n");

    /// <summary>The server behind the proxy does not listen.</summary>
    public static ReadOnlyMemory<byte> BadGateway { get; } = Text("502 Bad Gateway", "The server behind the proxy does not listen.\n");

    private static ReadOnlyMemory<byte> Text(string status, string text) =>
        System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{Close}Content-Length: {text.Length}\r\n\r\n{text}");
}
