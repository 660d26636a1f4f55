using System.Buffers;
using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>A whole request taken apart for matching, its parts where they stand.</summary>
internal ref struct RequestParts
{
    /// <summary>Says of what type the content is.</summary>
    public static readonly ulong ContentType = HeaderNames.Hash("content-type"u8);

    /// <summary>Holds the session.</summary>
    public static readonly ulong Cookie = HeaderNames.Hash("cookie"u8);

    /// <summary>Most bytes that compressed content may become; what is longer is taken as it is.</summary>
    private const int LongestDecoded = 1024 * 1024;

    private static readonly ulong ContentEncoding = HeaderNames.Hash("content-encoding"u8);
    private static readonly ulong Host = HeaderNames.Hash("host"u8);
    private static readonly ulong ForwardedHost = HeaderNames.Hash("x-forwarded-host"u8);
    private static readonly ulong TransferEncoding = HeaderNames.Hash("transfer-encoding"u8);

    private Span<Header> headers;
    private int count;
    private bool isChunked;

    private RequestParts(ReadOnlySpan<byte> text, Span<Header> room)
    {
        Text = text;
        headers = room;
    }

    /// <summary>Its method.</summary>
    public ReadOnlySpan<byte> Method { get; private set; }

    /// <summary>The target up to the question mark.</summary>
    public ReadOnlySpan<byte> Path { get; private set; }

    /// <summary>The target after it; empty without.</summary>
    public ReadOnlySpan<byte> Query { get; private set; }

    /// <summary>The protocol's version, which decides the form of a reply; empty where it does not.</summary>
    public ReadOnlySpan<byte> Version { get; private set; }

    /// <summary>
    /// Its content, chunks joined, and in plain where it can be read: whoever compresses may put the time into it (RFC 1952 §2.3.1).
    /// </summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>What the headers' places are in.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>
    /// Headers and trailers that say something of what is asked for, in an order of their names that is the same for every request, those
    /// of a name as they came.
    /// </summary>
    public readonly ReadOnlySpan<Header> Headers => headers;

    /// <summary>Takes apart a complete request whose framing is sound.</summary>
    /// <param name="request">The request.</param>
    /// <param name="ignored">Headers that say nothing of what is asked for.</param>
    /// <param name="room">For headers; more are put elsewhere.</param>
    /// <param name="joined">Takes the content of a chunked request.</param>
    public static RequestParts Parse(
        ReadOnlySpan<byte> request, HeaderNames ignored, Span<Header> room, ArrayBufferWriter<byte> joined)
    {
        var end = request.IndexOf("\r\n\r\n"u8) + 2;
        var parts = new RequestParts(request, room);
        var lineEnd = request.IndexOf("\r\n"u8);
        var start = request[..lineEnd];
        var space = start.IndexOf((byte)' ');
        parts.Method = start[..space];
        var target = start[(space + 1)..];
        var last = target.LastIndexOf((byte)' ');
        parts.SetTarget(target[..last]);
        parts.Version = target[(last + 1)..];
        parts.AddLines(lineEnd + 2, end, ignored);
        parts.Body = request[(end + 2)..];
        if (parts.isChunked)
        {
            joined.ResetWrittenCount();
            var trailers = ChunkedBody.Join(parts.Body, joined);
            parts.Body = joined.WrittenSpan;
            parts.AddLines(end + 2 + trailers, request.Length - 2, ignored);
        }

        parts.Order();
        parts.Decode();
        return parts;
    }

    /// <summary>A request from its parts, such as another protocol's.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="path">Its target up to the question mark.</param>
    /// <param name="query">The target after it.</param>
    /// <param name="fields">Names and values of what else says something of what is asked for: headers, and attributes.</param>
    /// <param name="ignored">Names of which that is not so.</param>
    /// <param name="body">Its content.</param>
    public static RequestParts Of(
        ReadOnlySpan<byte> method,
        ReadOnlySpan<byte> path,
        ReadOnlySpan<byte> query,
        IReadOnlyList<KeyValuePair<string, string>> fields,
        HeaderNames ignored,
        ReadOnlySpan<byte> body)
    {
        var text = new ArrayBufferWriter<byte>(512);
        foreach (var (name, value) in fields)
        {
            Encoding.Latin1.GetBytes(name, text);
            Encoding.Latin1.GetBytes(value, text);
        }

        var parts = new RequestParts(text.WrittenSpan, new Header[fields.Count])
        {
            Method = method,
            Path = path,
            Query = query,
            Body = body,
        };
        var at = 0;
        foreach (var (name, value) in fields)
        {
            parts.Add(at, name.Length, at + name.Length, value.Length, ignored);
            at += name.Length + value.Length;
        }

        parts.Order();
        parts.Decode();
        return parts;
    }

    /// <summary>A header's name, as it was sent.</summary>
    public readonly ReadOnlySpan<byte> Name(in Header header) => Text.Slice(header.NameStart, header.NameLength);

    /// <summary>A header's value.</summary>
    public readonly ReadOnlySpan<byte> Value(in Header header) => Text.Slice(header.Start, header.Length);

    private void SetTarget(ReadOnlySpan<byte> target)
    {
        var question = target.IndexOf((byte)'?');
        Path = question < 0 ? target : target[..question];
        Query = question < 0 ? default : target[(question + 1)..];
    }

    private void AddLines(int from, int to, HeaderNames ignored)
    {
        while (from < to)
        {
            var line = Text[from..to];
            line = line[..line.IndexOf("\r\n"u8)];
            var colon = line.IndexOf((byte)':');
            var value = line[(colon + 1)..];
            var left = value.TrimStart(" \t"u8);
            // Of a trailer only where it ends is sure.
            if (colon > 0)
                Add(from, colon, from + line.Length - left.Length, left.TrimEnd(" \t"u8).Length, ignored);
            from += line.Length + 2;
        }
    }

    private void Add(int nameStart, int nameLength, int start, int length, HeaderNames ignored)
    {
        var name = HeaderNames.Hash(Text.Slice(nameStart, nameLength));
        isChunked |= name == TransferEncoding;
        if (ignored.Contains(name))
            return;
        if (name == Host || name == ForwardedHost)
        {
            length = HostName(Text.Slice(start, length)).Length;
            if (length == 0)
                return;
        }

        if (count == headers.Length)
        {
            var more = new Header[(count * 2) + 8];
            headers.CopyTo(more);
            headers = more;
        }

        headers[count++] = new Header(name, nameStart, nameLength, start, length);
    }

    /// <summary>
    /// The name that a host is called by, which selects one of several that share an address; empty of an address and of
    /// <c>localhost</c>. Those, and the port, say how the next tier is reached, which is another for a clone.
    /// </summary>
    private static ReadOnlySpan<byte> HostName(ReadOnlySpan<byte> host)
    {
        if (host.StartsWith("["u8))
            return default;
        var name = host.LastIndexOf((byte)':') is >= 0 and var colon ? host[..colon] : host;
        return Ascii.EqualsIgnoreCase(name, "localhost"u8) || !name.ContainsAnyExcept("0123456789."u8) ? default : name;
    }

    /// <summary>
    /// A sender may put headers of different names in any order, those of one name only in one (RFC 9110 §5.3).
    /// </summary>
    private void Order()
    {
        headers = headers[..count];
        headers.Sort(static (one, other) =>
            one.Name != other.Name ? one.Name.CompareTo(other.Name) : one.NameStart.CompareTo(other.NameStart));
    }

    private void Decode()
    {
        foreach (ref readonly var header in Headers)
        {
            if (header.Name == ContentEncoding && !Body.IsEmpty
                && ContentCoding.Decode(Encoding.Latin1.GetString(Value(header)), Body.ToArray(), LongestDecoded) is { } plain)
                Body = plain;
        }
    }

    /// <summary>A header that says something of what is asked for.</summary>
    /// <param name="Name">Hash of its name.</param>
    /// <param name="NameStart">Where its name begins.</param>
    /// <param name="NameLength">Bytes of its name.</param>
    /// <param name="Start">Where its value begins.</param>
    /// <param name="Length">Bytes of the value.</param>
    public readonly record struct Header(ulong Name, int NameStart, int NameLength, int Start, int Length);
}
