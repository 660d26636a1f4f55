using System.Text;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// The content of an HTTP reply, chunks joined (RFC 9112 §7.1), the cookies that it sets (RFC 6265 §4.1), and its headers.
/// </summary>
internal sealed class HttpReplyReader(ServiceRules rules) : PageReader(rules)
{
    private BodyScanner body;
    private bool isKnown;

    /// <inheritdoc />
    public override bool IsReusable => true;

    /// <inheritdoc />
    public override void Reset()
    {
        base.Reset();
        (body, isKnown) = (default, false);
    }

    /// <inheritdoc />
    public override void Append(ReadOnlySpan<byte> bytes, int headLength)
    {
        if (headLength > 0)
        {
            var head = bytes[..headLength];
            isKnown = HeadParser.TryReadReply(head, out var parsed);
            // A reply without a body although its head announces one (HEAD, 304) never comes to the scanner.
            body = new BodyScanner(parsed);
            ReadHeaders(head);
        }

        var content = bytes[headLength..];
        if (!isKnown)
        {
            AppendPage(content);
            return;
        }

        while (!content.IsEmpty && !body.IsDone)
        {
            var taken = body.AdvanceRun(content, out var isContent);
            if (isContent)
                AppendPage(content[..taken]);
            content = content[taken..];
        }
    }

    private void ReadHeaders(ReadOnlySpan<byte> head)
    {
        for (var isFirst = true; !head.IsEmpty; isFirst = false)
        {
            var end = head.IndexOf("\r\n"u8);
            if (end <= 0)
                return;
            var line = head[..end];
            head = head[(end + 2)..];
            var colon = line.IndexOf((byte)':');
            if (isFirst || colon < 0)
                continue;
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (Ascii.EqualsIgnoreCase(line[..colon], "set-cookie"u8))
                ReadCookie(value);
            else if (Ascii.EqualsIgnoreCase(line[..colon], "location"u8))
                ReadLocation(value);
            if (KeepsText)
                AppendHeader(Encoding.Latin1.GetString(line[..colon]), Encoding.Latin1.GetString(value));
        }
    }

    private void ReadCookie(ReadOnlySpan<byte> value)
    {
        var semicolon = value.IndexOf((byte)';');
        var pair = semicolon < 0 ? value : value[..semicolon];
        var equals = pair.IndexOf((byte)'=');
        Issue(equals < 0 ? "" : Encoding.Latin1.GetString(pair[(equals + 1)..]).Trim('"'));
    }
}
