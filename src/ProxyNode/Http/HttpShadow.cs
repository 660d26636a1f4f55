using System.Buffers;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// HTTP at a clone: sessions that began after cloning have other cookies there. The pairs are learnt from <c>Set-Cookie</c>
/// in paired replies, and cookies, <c>;jsessionid=</c> and declared names, wherever they are, are rewritten in duplicates (RFC 6265).
/// </summary>
internal sealed class HttpShadow(ServiceRules rules, Identities identities) : NamingShadow(rules, identities)
{
    private readonly ServiceRules rules = rules;
    private readonly Identities identities = identities;

    /// <inheritdoc />
    public override Dialogue Open() => new HttpDialogue();

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new HttpReplyReader(rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        if (identities.Count == 0)
            return request;
        var headEnd = request.Span.IndexOf("\r\n\r\n"u8);
        var head = Encoding.Latin1.GetString(request.Span[..headEnd]);
        var lines = head.Split("\r\n");
        lines[0] = SessionNames.ReplacePath(lines[0], identities);
        for (var i = 1; i < lines.Length; i++)
            lines[i] = ReplaceLine(lines[i]);

        var body = request[(headEnd + 4)..];
        if (HasDeclared)
        {
            lines[0] = identities.Replace(lines[0], Spelling.Percent);
            body = ReplaceBody(lines, body);
        }

        var rewritten = string.Join("\r\n", lines);
        return rewritten == head && body.Equals(request[(headEnd + 4)..])
            ? request
            : (byte[])[.. Encoding.Latin1.GetBytes(rewritten), .. "\r\n\r\n"u8, .. body.Span];
    }

    /// <summary>A line of the head, or a trailer, in the clone's names. Those that delimit the message name nothing.</summary>
    private string ReplaceLine(string line)
    {
        if (line.IndexOf(':') is not (> 0 and var colon))
            return line;
        var value = line[(colon + 1)..].Trim(' ', '\t');
        var replaced = line[..colon].ToLowerInvariant() switch
        {
            "content-length" or "transfer-encoding" => value,
            var name => SessionNames.ReplaceHeader(name, value, identities, HasDeclared),
        };
        return replaced == value ? line : $"{line[..colon]}: {replaced}";
    }

    /// <summary>The body; where its content becomes another one, so does its length, or it is one chunk.</summary>
    private ReadOnlyMemory<byte> ReplaceBody(string[] lines, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return body;
        if (lines.Any(line => line.StartsWith("transfer-encoding:", StringComparison.OrdinalIgnoreCase)))
            return ReplaceChunked(lines, body);
        var content = ReplaceContent(lines, body);
        if (content.Equals(body))
            return body;
        var length = Array.FindIndex(lines, line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase));
        lines[length] = string.Create(CultureInfo.InvariantCulture, $"{lines[length][..lines[length].IndexOf(':')]}: {content.Length}");
        return content;
    }

    private ReadOnlyMemory<byte> ReplaceChunked(string[] lines, ReadOnlyMemory<byte> body)
    {
        var joined = new ArrayBufferWriter<byte>(body.Length);
        var trailersAt = ChunkedBody.Join(body.Span, joined);
        var content = ReplaceContent(lines, joined.WrittenMemory);
        // Without the empty line.
        var trailers = Encoding.Latin1.GetString(body.Span[trailersAt..^2]);
        var replaced = string.Join("\r\n", trailers.Split("\r\n").Select(ReplaceLine));
        return content.Equals(joined.WrittenMemory) && replaced == trailers
            ? body
            : ChunkedBody.Of(content.Span, Encoding.Latin1.GetBytes(replaced));
    }

    private ReadOnlyMemory<byte> ReplaceContent(string[] lines, ReadOnlyMemory<byte> content)
    {
        return RequestContent.Replace(
            content,
            string.Join(", ", Values("content-encoding:")),
            Values("content-type:").FirstOrDefault() ?? "",
            lines.Skip(1).Select(line => line[..Math.Max(0, line.IndexOf(':'))]),
            identities);

        IEnumerable<string> Values(string name) => lines
            .Where(line => line.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            .Select(line => line[name.Length..].Trim(' ', '\t'));
    }
}
