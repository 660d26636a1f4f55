using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// AJP13 at a cloned container: session cookies and <c>;jsessionid=</c> in the clone's names. The packets of a body are sent
/// without being asked for; the container finds them when it wants them.
/// </summary>
internal sealed class AjpShadow(ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;

    /// <inheritdoc />
    public override Dialogue Open() => new AjpDialogue();

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new AjpReplyReader(rules);

    /// <inheritdoc />
    public override void Pair(Exchange exchange) => identities.Pair(exchange.OnlineReply?.Issued, exchange.SandboxReply?.Issued);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        if (identities.Count == 0)
            return request;
        var head = AjpPacket.LengthOf(request.Span, fromContainer: false);
        var rewritten = AjpRequest.Rewrite(request.Span[..head], (kind, text) => kind switch
        {
            "path" => Declared(SessionNames.ReplacePath(text, identities)),
            "cookie" => SessionNames.ReplaceCookies(text, identities),
            "query" => Declared(text),
            _ => text,
        });
        return (byte[])[.. rewritten, .. request.Span[head..]];
    }

    private string Declared(string text) => rules.Identities.Count > 0 ? identities.Replace(text) : text;
}
