namespace JustRunIt.ProxyNode.Tests;

/// <summary>Forward requests of AJP13 from their parts, as text in Latin-1.</summary>
internal static class AjpRequests
{
    private const int CodeOfPost = 4;
    private const int CodeOfGet = 2;

    /// <summary>A request without a body.</summary>
    public static string Get(
        string host = "one.example",
        bool isSsl = false,
        string client = "10.0.0.1",
        string path = "/a",
        (string Name, string Value)[]? headers = null,
        string attributes = "") => Request(CodeOfGet, host, isSsl, client, path, headers ?? [], attributes);

    /// <summary>A request, and the packets of its body.</summary>
    public static string Post(
        (string Name, string Value)[] headers, string[] packets, bool isEnded = false, string path = "/a", string attributes = "") =>
        Request(CodeOfPost, "one.example", false, "10.0.0.1", path, headers, attributes)
        + string.Concat(packets.Select(data => Packet(Integer(data.Length) + data)))
        + (isEnded ? Packet("") : "");

    /// <summary>A text with its length and its end.</summary>
    public static string Text(string text) => $"{Integer(text.Length)}{text}\0";

    /// <summary>An attribute of a name that the protocol does not know.</summary>
    public static string Attribute(string name, string value) => $"\x0A{Text(name)}{Text(value)}";

    private static string Request(
        int method, string host, bool isSsl, string client, string path, (string Name, string Value)[] headers, string attributes) =>
        Packet($"\x02{(char)method}{Text("HTTP/1.1")}{Text(path)}{Text(client)}{Text(client)}{Text(host)}{Integer(80)}"
            + $"{(isSsl ? '\x01' : '\0')}{Integer(headers.Length)}"
            + $"{string.Concat(headers.Select(header => Text(header.Name) + Text(header.Value)))}{attributes}\xFF");

    private static string Packet(string payload) => $"\x12\x34{Integer(payload.Length)}{payload}";

    private static string Integer(int value) => $"{(char)(value >> 8)}{(char)(value & 0xFF)}";
}
