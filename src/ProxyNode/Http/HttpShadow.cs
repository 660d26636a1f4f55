using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// HTTP at a clone: sessions that began after cloning have other cookies there. The pairs are learnt from <c>Set-Cookie</c>
/// in paired replies, and cookies, <c>;jsessionid=</c> and declared names, wherever they are, are rewritten in duplicates (RFC 6265).
/// </summary>
internal sealed class HttpShadow(ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;

    /// <inheritdoc />
    public override Dialogue Open() => new HttpDialogue();

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new HttpReplyReader(rules);

    /// <inheritdoc />
    public override void Pair(Exchange exchange) => identities.Pair(exchange.OnlineReply?.Issued, exchange.SandboxReply?.Issued);

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
        {
            var colon = lines[i].IndexOf(':');
            if (colon > 0)
                lines[i] = lines[i][..(colon + 1)] + " " + ReplaceHeader(lines[i][..colon], lines[i][(colon + 1)..].Trim(' ', '\t'));
        }

        var body = request[(headEnd + 4)..];
        if (rules.Identities.Count > 0)
        {
            lines[0] = identities.Replace(lines[0]);
            body = ReplaceBody(lines, body);
        }

        var rewritten = string.Join("\r\n", lines);
        return rewritten == head && body.Length == request.Length - headEnd - 4 && rules.Identities.Count == 0
            ? request
            : (byte[])[.. Encoding.Latin1.GetBytes(rewritten), .. "\r\n\r\n"u8, .. body.Span];
    }

    /// <summary>A header in the clone's names. Those that delimit the message name nothing.</summary>
    private string ReplaceHeader(string name, string value) => name.ToLowerInvariant() switch
    {
        "content-length" or "transfer-encoding" => value,
        var lower => SessionNames.ReplaceHeader(lower, value, identities, rules.Identities.Count > 0),
    };

    /// <summary>A body that is delimited by its length; one in chunks is left as it is.</summary>
    private ReadOnlyMemory<byte> ReplaceBody(string[] lines, ReadOnlyMemory<byte> body)
    {
        var length = Array.FindIndex(lines, line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase));
        if (length < 0 || body.IsEmpty)
            return body;
        var text = Encoding.Latin1.GetString(body.Span);
        var replaced = identities.Replace(text);
        if (replaced == text)
            return body;
        lines[length] = string.Create(CultureInfo.InvariantCulture, $"Content-Length: {replaced.Length}");
        return Encoding.Latin1.GetBytes(replaced);
    }
}
