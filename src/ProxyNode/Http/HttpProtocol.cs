using System.Text;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Http;

/// <summary>HTTP/1.1 (RFC 9110, RFC 9112), and HTTP/1.0 as far as it is a part of it.</summary>
internal sealed class HttpProtocol : IMessageProtocol
{
    /// <inheritdoc />
    public string Name => "http";

    /// <inheritdoc />
    public string ExcerptOf(ReadOnlySpan<byte> request, Redaction redaction) => HttpExcerpt.Of(request, redaction);

    /// <inheritdoc />
    public Dialogue Open() => new HttpDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new HttpMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) => new HttpShadow(rules, identities);

    /// <inheritdoc />
    public ReplyReader OpenReply(ServiceRules rules) => new HttpReplyReader(rules);

    /// <inheritdoc />
    public IReadOnlyList<string> SessionNamesIn(ReadOnlySpan<byte> request, SessionRules rules)
    {
        if (rules.By == SessionKind.Connection || request.IndexOf("\r\n\r\n"u8) is not (>= 0 and var end))
            return [];
        var lines = Encoding.Latin1.GetString(request[..end]).Split("\r\n");
        return SessionNames.Find(
            lines[0],
            lines.Where(line => line.StartsWith("cookie:", StringComparison.OrdinalIgnoreCase)).Select(line => line["cookie:".Length..]),
            rules);
    }
}
