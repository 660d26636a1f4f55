using System.Globalization;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// AJP13 at a cloned container: session cookies, <c>;jsessionid=</c> and declared names in the clone's names. The packets of a body are
/// sent without being asked for; the container finds them when it wants them, and is told the end when it asks for more.
/// </summary>
internal sealed class AjpShadow(ServiceRules rules, Identities identities) : NamingShadow(rules, identities)
{
    private readonly ServiceRules rules = rules;
    private readonly Identities identities = identities;
    private int ahead;

    /// <inheritdoc />
    public override Dialogue Open() => new AjpDialogue();

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new AjpReplyReader(rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        var head = request[..AjpPacket.LengthOf(request.Span, fromContainer: false)];
        var packets = request[head.Length..];
        var parsed = AjpRequest.Parse(head.Span);
        if (identities.Count == 0)
        {
            Expect(parsed.ContentLength, packets.Span);
            return request;
        }

        var length = parsed.ContentLength;
        if (HasDeclared)
            packets = ReplaceBody(parsed, packets, ref length);
        Expect(length, packets.Span);
        var rewritten = AjpRequest.Rewrite(head.Span, (kind, text) => kind switch
        {
            ":path" => Declared(SessionNames.ReplacePath(text, identities), Spelling.Percent),
            ":query" => Declared(text, Spelling.Percent),
            ":attribute" => Declared(text, Spelling.Plain),
            "content-length" when length != parsed.ContentLength => string.Create(CultureInfo.InvariantCulture, $"{length}"),
            "content-length" or "transfer-encoding" => text,
            var header => SessionNames.ReplaceHeader(header, text, identities, HasDeclared),
        });
        return (byte[])[.. rewritten, .. packets.Span];
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Answer(ReadOnlySpan<byte> said) =>
        said.Length > AjpPacket.HeaderLength && said[AjpPacket.HeaderLength] == AjpPacket.GetBodyChunk && --ahead < 0
            ? AjpPacket.BodyEnd
            : default;

    /// <summary>The packets of a body in the clone's names.</summary>
    /// <param name="request">The request.</param>
    /// <param name="packets">The packets.</param>
    /// <param name="length">The content's length as the request says it.</param>
    private ReadOnlyMemory<byte> ReplaceBody(AjpRequest request, ReadOnlyMemory<byte> packets, ref long? length)
    {
        if (packets.IsEmpty)
            return packets;
        var body = new AjpBody(packets.Span);
        // A container that did not read the whole of what is compressed has not read the names in it.
        if (!ContentCoding.IsPlain(request.ContentCoding) && !body.IsWhole(length))
            return packets;
        var content = RequestContent.Replace(
            body.Content, request.ContentCoding, request.ContentType, request.Headers.Select(header => header.Key), identities);
        if (content.Equals(body.Content))
            return packets;
        length += content.Length - body.Content.Length;
        return body.With(content.Span);
    }

    /// <summary>Counts what is sent unasked: neither the request itself, nor the first packet of a body of known length.</summary>
    private void Expect(long? length, ReadOnlySpan<byte> packets)
    {
        ahead = length > 0 ? -1 : 0;
        for (; !packets.IsEmpty; packets = packets[AjpPacket.LengthOf(packets, fromContainer: false)..])
            ahead++;
    }

    private string Declared(string text, Spelling spelling) => HasDeclared ? identities.Replace(text, spelling) : text;
}
