using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// AJP13 at a cloned container: session cookies and <c>;jsessionid=</c> in the clone's names. The packets of a body are sent
/// without being asked for; the container finds them when it wants them, and is told the end when it asks for more.
/// </summary>
internal sealed class AjpShadow(ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;
    private int ahead;

    /// <inheritdoc />
    public override Dialogue Open() => new AjpDialogue();

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new AjpReplyReader(rules);

    /// <inheritdoc />
    public override void Pair(Exchange exchange) => identities.Pair(exchange.OnlineReply?.Issued, exchange.SandboxReply?.Issued);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        var head = AjpPacket.LengthOf(request.Span, fromContainer: false);
        ahead = 0;
        for (var rest = request.Span; !rest.IsEmpty; rest = rest[AjpPacket.LengthOf(rest, fromContainer: false)..])
            ahead++;
        // The request itself, and the first packet of a body of known length, are not asked for.
        ahead -= AjpRequest.Parse(request.Span[..head]).ContentLength > 0 ? 2 : 1;
        if (identities.Count == 0)
            return request;
        var rewritten = AjpRequest.Rewrite(request.Span[..head], (kind, text) => kind switch
        {
            ":path" => Declared(SessionNames.ReplacePath(text, identities)),
            ":query" => Declared(text),
            "content-length" or "transfer-encoding" => text,
            var header => SessionNames.ReplaceHeader(header, text, identities, rules.Identities.Count > 0),
        });
        return (byte[])[.. rewritten, .. request.Span[head..]];
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> said) =>
        said.Length > AjpPacket.HeaderLength && said[AjpPacket.HeaderLength] == AjpPacket.GetBodyChunk && --ahead < 0
            ? AjpPacket.BodyEnd
            : default;

    private string Declared(string text) => rules.Identities.Count > 0 ? identities.Replace(text) : text;
}
