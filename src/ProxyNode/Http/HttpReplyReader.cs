using System.Text;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Http;

/// <summary>The content of an HTTP reply, chunks joined (RFC 9112 §7.1), and the cookies that it sets (RFC 6265 §4.1).</summary>
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
            ReadCookies(head);
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

    private void ReadCookies(ReadOnlySpan<byte> head)
    {
        while (!head.IsEmpty)
        {
            var end = head.IndexOf("\r\n"u8);
            if (end <= 0)
                return;
            var line = head[..end];
            head = head[(end + 2)..];
            if (line.Length < 12 || line[10] != ':' || !Ascii.EqualsIgnoreCase(line[..10], "set-cookie"u8))
                continue;
            var value = line[11..].Trim((byte)' ');
            var semicolon = value.IndexOf((byte)';');
            var pair = semicolon < 0 ? value : value[..semicolon];
            var equals = pair.IndexOf((byte)'=');
            Issue(equals < 0 ? "" : Encoding.Latin1.GetString(pair[(equals + 1)..]).Trim('"'));
        }
    }
}
