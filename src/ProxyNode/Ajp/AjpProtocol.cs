using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>AJP13, between a web server with mod_jk or mod_proxy_ajp and a servlet container.</summary>
internal sealed class AjpProtocol : IMessageProtocol
{
    /// <inheritdoc />
    public string Name => "ajp13";

    /// <summary>Its target alone: what the coded headers are called cannot be seen in their bytes.</summary>
    public string ExcerptOf(ReadOnlySpan<byte> request, Redaction redaction)
    {
        var head = AjpRequest.Parse(request[..AjpPacket.LengthOf(request, fromContainer: false)]);
        return HttpExcerpt.Shown(redaction, $"{head.Method} {head.Path}{(head.Query.Length > 0 ? "?" : "")}{head.Query}", isWhole: true);
    }

    /// <inheritdoc />
    public Dialogue Open() => new AjpDialogue();

    /// <inheritdoc />
    public Matcher OpenMatcher(ServiceRules rules) => new AjpMatcher(rules.Wildcards);

    /// <inheritdoc />
    public ShadowSession OpenShadow(Dialogue online, ServiceRules rules, Identities identities) => new AjpShadow(rules, identities);

    /// <inheritdoc />
    public ReplyReader OpenReply(ServiceRules rules) => new AjpReplyReader(rules);

    /// <inheritdoc />
    public IReadOnlyList<string> SessionNamesIn(ReadOnlySpan<byte> request, SessionRules rules)
    {
        if (rules.By == SessionKind.Connection)
            return [];
        var head = AjpRequest.Parse(request[..AjpPacket.LengthOf(request, fromContainer: false)]);
        return SessionNames.Find(
            head.Path,
            head.Headers.Where(header => header.Key.Equals("cookie", StringComparison.OrdinalIgnoreCase)).Select(header => header.Value),
            rules);
    }
}
