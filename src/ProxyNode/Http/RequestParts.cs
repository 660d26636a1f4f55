using System.Buffers;
using System.Text;

namespace JustRunIt.ProxyNode.Http;

/// <summary>A whole request taken apart for matching, its parts where they stand.</summary>
internal ref struct RequestParts
{
    // The others say how the message travels, or who sends it, and differ between original and clone (Host, Connection, …).
    private static readonly string[] Selecting =
    [
        "accept", "accept-encoding", "accept-language", "authorization", "content-encoding", "content-type", "cookie", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range",
    ];

    private static readonly byte[][] SelectingBytes = [.. Selecting.Select(Encoding.ASCII.GetBytes)];

    private Span<Header> headers;

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

    /// <summary>Its content, chunks joined.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>What the headers' places are in.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>Headers that can select a reply, in the order of their names, those of a name as they came.</summary>
    public readonly ReadOnlySpan<Header> Headers => headers;

    /// <summary>Takes apart a complete request whose framing is sound.</summary>
    /// <param name="request">The request.</param>
    /// <param name="room">For headers; more are put elsewhere.</param>
    /// <param name="joined">Takes the content of a chunked request.</param>
    public static RequestParts Parse(ReadOnlySpan<byte> request, Span<Header> room, ArrayBufferWriter<byte> joined)
    {
        var head = request[..(request.IndexOf("\r\n\r\n"u8) + 2)];
        var parts = new RequestParts(request, room);
        var at = head.IndexOf("\r\n"u8);
        var start = head[..at];
        var space = start.IndexOf((byte)' ');
        parts.Method = start[..space];
        var target = start[(space + 1)..];
        parts.SetTarget(target.IndexOf((byte)' ') is >= 0 and var end ? target[..end] : target);
        var count = 0;
        var isChunked = false;
        for (at += 2; at < head.Length;)
        {
            var line = head[at..];
            line = line[..line.IndexOf("\r\n"u8)];
            var colon = line.IndexOf((byte)':');
            var name = line[..colon];
            isChunked |= Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8);
            if (NameOf(name) is >= 0 and var number)
            {
                var value = line[(colon + 1)..].Trim(" \t"u8);
                // Trimmed at both ends: its place is found from the left.
                var left = line[(colon + 1)..].TrimStart(" \t"u8).Length;
                parts.Add(ref count, new Header(number, at + line.Length - left, value.Length));
            }

            at += line.Length + 2;
        }

        parts.headers = parts.headers[..count];
        var body = request[(head.Length + 2)..];
        parts.Body = isChunked ? Join(body, joined) : body;
        return parts;
    }

    /// <summary>A request from its parts, such as another protocol's.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="path">Its target up to the question mark.</param>
    /// <param name="query">The target after it.</param>
    /// <param name="values">The values of all its headers.</param>
    /// <param name="places">Its headers that can select a reply.</param>
    /// <param name="body">Its content.</param>
    public static RequestParts Of(
        ReadOnlySpan<byte> method,
        ReadOnlySpan<byte> path,
        ReadOnlySpan<byte> query,
        ReadOnlySpan<byte> values,
        ReadOnlySpan<Header> places,
        ReadOnlySpan<byte> body)
    {
        var parts = new RequestParts(values, new Header[places.Length]) { Method = method, Path = path, Query = query, Body = body };
        var count = 0;
        foreach (var place in places)
            parts.Add(ref count, place);
        return parts;
    }

    /// <summary>Number of a header's name, without regard to case; negative when it cannot select a reply.</summary>
    public static int NameOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < SelectingBytes.Length; i++)
        {
            if (SelectingBytes[i].Length == name.Length && Ascii.EqualsIgnoreCase(SelectingBytes[i], name))
                return i;
        }

        return -1;
    }

    /// <summary>A header's name, in lower case.</summary>
    public static string Name(in Header header) => Selecting[header.Name];

    /// <summary>A header's value.</summary>
    public readonly ReadOnlySpan<byte> Value(in Header header) => Text.Slice(header.Start, header.Length);

    private void SetTarget(ReadOnlySpan<byte> target)
    {
        var question = target.IndexOf((byte)'?');
        Path = question < 0 ? target : target[..question];
        Query = question < 0 ? default : target[(question + 1)..];
    }

    /// <summary>
    /// In its place: a sender may put headers of different names in any order, those of one name only in one (RFC 9110 §5.3).
    /// </summary>
    private void Add(ref int count, in Header header)
    {
        if (count == headers.Length)
        {
            var more = new Header[(count * 2) + 8];
            headers.CopyTo(more);
            headers = more;
        }

        var place = count++;
        for (; place > 0 && headers[place - 1].Name > header.Name; place--)
            headers[place] = headers[place - 1];
        headers[place] = header;
    }

    /// <summary>The content of a chunked body whose framing is sound (RFC 9112 §7.1).</summary>
    private static ReadOnlySpan<byte> Join(ReadOnlySpan<byte> body, ArrayBufferWriter<byte> joined)
    {
        joined.ResetWrittenCount();
        while (true)
        {
            var lineEnd = body.IndexOf("\r\n"u8);
            var line = body[..lineEnd];
            var semicolon = line.IndexOf((byte)';');
            // White space before an extension, and at the end, is taken from old senders (RFC 9112 §7.1.1).
            var digits = (semicolon < 0 ? line : line[..semicolon]).TrimEnd(" \t"u8);
            var size = int.Parse(digits, System.Globalization.NumberStyles.AllowHexSpecifier, null);
            if (size == 0)
                return joined.WrittenSpan;
            joined.Write(body.Slice(lineEnd + 2, size));
            body = body[(lineEnd + 2 + size + 2)..];
        }
    }

    /// <summary>A header that can select a reply.</summary>
    /// <param name="Name">Number of its name.</param>
    /// <param name="Start">Where its value begins.</param>
    /// <param name="Length">Bytes of the value.</param>
    public readonly record struct Header(int Name, int Start, int Length);
}
