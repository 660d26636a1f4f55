using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// Requests that a web server sends to a container, found by what HTTP's are found by, and by who asks and other attributes.
/// </summary>
internal sealed class AjpMatcher(WildcardRules rules) : Matcher
{
    private static readonly byte[] Pong = [0x41, 0x42, 0, 1, AjpPacket.CPong];
    private static readonly byte[] MoreBody =
        [0x41, 0x42, 0, 3, AjpPacket.GetBodyChunk, AjpPacket.LongestBodyChunk >> 8, AjpPacket.LongestBodyChunk & 0xFF];

    // Status 502, its phrase, no headers; then the end, the connection stays.
    private static readonly byte[] NotOnRecord =
    [
        0x41, 0x42, 0, 19, AjpPacket.SendHeaders, 502 >> 8, 502 & 0xFF, 0, 11, .. "Bad Gateway"u8, 0, 0, 0,
        0x41, 0x42, 0, 2, AjpPacket.EndResponse, 1,
    ];

    /// <summary>
    /// Sets requests apart whose body the container has not read to its end: of that, the first packet, sent unasked, is all to know.
    /// </summary>
    private static readonly UInt128 Part = new(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F);

    private bool firstBodyPacketSeen;

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request)
    {
        var head = AjpPacket.LengthOf(request, fromContainer: false);
        var body = new AjpBody(request[head..]);
        firstBodyPacketSeen = false;
        var parsed = AjpRequest.Parse(request[..head]);
        if (parsed.ContentLength == 0)
            return parsed.Keys(body.Content.Span, rules);
        var ofPart = parsed.Keys(body.Content.Span[..body.First], rules);
        if (!body.IsWhole(parsed.ContentLength))
            return ofPart with { Exact = ofPart.Exact ^ Part, Wildcard = ofPart.Wildcard ^ Part };
        var keys = body.First == body.Content.Length ? ofPart : parsed.Keys(body.Content.Span, rules);
        return keys with { Part = ofPart.Exact ^ Part };
    }

    /// <summary>Without the container's requests for more of the body: the clone is asked for them as it goes.</summary>
    public override ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        var kept = new ArrayBufferWriter<byte>(reply.Length + 1);
        while (!reply.IsEmpty)
        {
            var length = AjpPacket.LengthOf(reply, fromContainer: true);
            if (reply[AjpPacket.HeaderLength] != AjpPacket.GetBodyChunk)
                kept.Write(reply[..length]);
            reply = reply[length..];
        }

        return kept.WrittenSpan;
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) => NotOnRecord;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Prompt(Dialogue dialogue)
    {
        var ajp = (AjpDialogue)dialogue;
        if (ajp.WasProbe)
            return Pong;
        if (!ajp.IsBodyOpen)
            return default;
        // A body of known length begins by itself; everything after that is asked for.
        if (ajp.IsBodyLengthKnown && !firstBodyPacketSeen)
        {
            firstBodyPacketSeen = true;
            return default;
        }

        return MoreBody;
    }
}
