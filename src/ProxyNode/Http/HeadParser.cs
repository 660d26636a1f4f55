using System.Buffers.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// Reads message heads (RFC 9112 §2 to §6) without allocating. Stricter than the RFC allows wherever two readers could
/// disagree: bare line feeds, folded lines, spaces before a colon, conflicting lengths are refused, and repeated ones in requests.
/// </summary>
internal static class HeadParser
{
    /// <summary>Longest head in bytes.</summary>
    public const int MaximumLength = 64 * 1024;

    private const string WrongLineEnd = "a line that ends with neither or only one of CR and LF";

    /// <summary>Reads a request's head.</summary>
    /// <returns>False when it is not complete yet.</returns>
    /// <exception cref="HttpSyntaxException">It is none.</exception>
    public static bool TryReadRequest(ReadOnlySpan<byte> bytes, out MessageHead head) => TryRead(bytes, request: true, out head);

    /// <summary>Reads a reply's head; its body is as for a request with any method but HEAD and CONNECT.</summary>
    /// <returns>False when it is not complete yet.</returns>
    /// <exception cref="HttpSyntaxException">It is none.</exception>
    public static bool TryReadReply(ReadOnlySpan<byte> bytes, out MessageHead head) => TryRead(bytes, request: false, out head);

    private static bool TryRead(ReadOnlySpan<byte> bytes, bool request, out MessageHead head)
    {
        head = default;
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if ((end < 0 ? bytes.Length : end + 4) > MaximumLength)
            throw new HttpSyntaxException($"head longer than {MaximumLength} bytes");
        if (end < 0)
        {
            RefuseEarly(bytes, request);
            return false;
        }

        head = Parse(bytes[..(end + 4)], request);
        return true;
    }

    /// <summary>What can never become a head is refused at once, and does not wait for an empty line that never comes.</summary>
    private static void RefuseEarly(ReadOnlySpan<byte> start, bool request)
    {
        if (start.IsEmpty)
            return;
        if (request ? !IsToken(start[0]) : !"HTTP/1."u8.StartsWith(start[..Math.Min(start.Length, 7)]))
            throw new HttpSyntaxException("not HTTP/1.1");
        // Of lines that end otherwise, an empty one would be waited for until one side gives up.
        for (var rest = start; rest.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var at; rest = rest[(at + 2)..])
        {
            if (rest[at..] is [(byte)'\r'])
                return;
            if (!rest[at..].StartsWith("\r\n"u8))
                throw new HttpSyntaxException(WrongLineEnd);
        }
    }

    private static MessageHead Parse(ReadOnlySpan<byte> bytes, bool request)
    {
        var facts = new HeaderFacts(request);
        var lineEnd = LineEnd(bytes);
        var startLine = bytes[..lineEnd];
        var head = request ? ParseRequestLine(startLine, out var minor) : ParseStatusLine(startLine, out minor);
        var rest = bytes[(lineEnd + 2)..];
        while (rest.Length > 2)
        {
            var end = LineEnd(rest);
            facts.Add(rest[..end]);
            rest = rest[(end + 2)..];
        }

        return facts.Complete(head with { Length = bytes.Length }, minor);
    }

    private static int LineEnd(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        return end >= 0 && end + 1 < bytes.Length && bytes[end] == '\r' && bytes[end + 1] == '\n'
            ? end
            : throw new HttpSyntaxException(WrongLineEnd);
    }

    private static MessageHead ParseRequestLine(ReadOnlySpan<byte> line, out int minor)
    {
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1)
            throw new HttpSyntaxException("malformed request line");
        var method = line[..first];
        foreach (var c in method)
        {
            if (!IsToken(c))
                throw new HttpSyntaxException("malformed method");
        }

        var target = line[(first + 1)..last];
        if (target.IndexOfAnyInRange((byte)0, (byte)' ') >= 0 || target.Contains((byte)0x7f))
            throw new HttpSyntaxException("malformed request target");
        minor = Version(line[(last + 1)..]);
        var isConnect = method.SequenceEqual("CONNECT"u8);
        return new MessageHead
        {
            Length = 0,
            Body = BodyKind.None,
            IsHead = method.SequenceEqual("HEAD"u8),
            IsConnect = isConnect,
            MaySwitchProtocol = isConnect,
        };
    }

    private static MessageHead ParseStatusLine(ReadOnlySpan<byte> line, out int minor)
    {
        if (line.Length < 12 || line[8] != ' ' || (line.Length > 12 && line[12] != ' '))
            throw new HttpSyntaxException("malformed status line");
        minor = Version(line[..8]);
        if (!Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var consumed) || consumed != 3 || status < 100)
            throw new HttpSyntaxException("malformed status code");
        return new MessageHead { Length = 0, Body = BodyKind.UntilClose, Status = status };
    }

    private static int Version(ReadOnlySpan<byte> version) =>
        version.SequenceEqual("HTTP/1.1"u8) ? 1
        : version.SequenceEqual("HTTP/1.0"u8) ? 0
        : throw new HttpSyntaxException("protocol version is neither HTTP/1.1 nor HTTP/1.0");

    /// <summary>RFC 9110 §5.6.2.</summary>
    internal static bool IsToken(byte c) =>
        c is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'0' and <= (byte)'9')
        || "!#$%&'*+-.^_`|~"u8.Contains(c);
}
