using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// AJP13 on one connection: one request at a time; its body comes in packets, most of them when the container asks. Only
/// whole packets are sent on.
/// </summary>
internal sealed class AjpDialogue : Dialogue
{
    // Status 502, its phrase, no headers; then the end, and the connection's.
    private static readonly byte[] BadGateway =
    [
        0x41, 0x42, 0, 19, AjpPacket.SendHeaders, 502 >> 8, 502 & 0xFF, 0, 11, .. "Bad Gateway"u8, 0, 0, 0,
        0x41, 0x42, 0, 2, AjpPacket.EndResponse, 0,
    ];

    private bool inExchange;
    private bool inRequest;
    private long? bodyLeft;
    private bool isFirstDue;

    /// <summary>Of the request that came last not all has come.</summary>
    private bool isUnfinished;

    private int asked;
    private int status;

    /// <inheritdoc />
    public override int LongestUnit => AjpPacket.LongestPacket;

    /// <inheritdoc />
    public override bool AwaitsHead => !inExchange;

    /// <inheritdoc />
    public override bool IsAtRest => !inExchange;

    /// <summary>The client's last packet was a probe.</summary>
    public bool WasProbe { get; private set; }

    /// <summary>The request said how long its body is.</summary>
    public bool IsBodyLengthKnown => bodyLeft is not null;

    /// <summary>The container may ask for more of the request's body.</summary>
    public bool IsBodyOpen => inRequest;

    /// <inheritdoc />
    /// <remarks>A reply whose headers were sent on is cut off instead: an end would make it a whole one.</remarks>
    public override ReadOnlyMemory<byte> ReplyRefusal(string reason, bool hasBegun) =>
        inExchange && status == 0 ? BadGateway : default;

    /// <inheritdoc />
    /// <remarks>What was asked for, and the first packet, which is sent unasked, still come after the end of the reply.</remarks>
    public override bool TryEndRequest()
    {
        if (inExchange || !isUnfinished || isFirstDue || asked > 0)
            return false;
        isUnfinished = false;
        return true;
    }

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        var length = AjpPacket.LengthOf(bytes, fromContainer: false);
        if (length == 0)
            return 0;
        var payload = bytes[AjpPacket.HeaderLength..length];
        WasProbe = false;
        if (inRequest || asked > 0 || (isFirstDue && IsBodyPacket(payload)))
        {
            BodyPacket(payload, ref step);
            return length;
        }

        if (inExchange)
            throw new ProtocolException("an AJP13 packet after the end of a request's body");
        if (payload.IsEmpty)
            throw new ProtocolException("an empty AJP13 packet where a request is due");
        switch (payload[0])
        {
            case AjpPacket.ForwardRequest:
                var request = AjpRequest.Parse(bytes[..length]);
                bodyLeft = request.ContentLength;
                inExchange = true;
                inRequest = bodyLeft != 0;
                isFirstDue = bodyLeft > 0;
                (status, asked) = (0, 0);
                step.Begins = true;
                step.Ends = !inRequest;
                isUnfinished = inRequest;
                return length;
            case AjpPacket.CPing:
                WasProbe = true;
                return length;
            case AjpPacket.Shutdown:
                throw new ProtocolException("AJP13 shutdown is not relayed");
            default:
                throw new ProtocolException($"AJP13 packet type {payload[0]} from a web server is unknown");
        }
    }

    /// <inheritdoc />
    public override int FromServer(Span<byte> bytes, out ServerStep step)
    {
        step = default;
        var length = AjpPacket.LengthOf(bytes, fromContainer: true);
        if (length == 0)
            return 0;
        var payload = bytes[AjpPacket.HeaderLength..length];
        var type = payload.IsEmpty ? (byte)0 : payload[0];
        if (type == AjpPacket.CPong)
            return length;
        if (!inExchange)
            throw new ProtocolException("an AJP13 reply that nobody asked for");
        step.IsReply = true;
        switch (type)
        {
            case AjpPacket.SendHeaders when payload.Length >= 3:
                status = BinaryPrimitives.ReadUInt16BigEndian(payload[1..]);
                step.HeadLength = length;
                break;
            case AjpPacket.GetBodyChunk when payload.Length >= 3:
                asked++;
                break;
            case AjpPacket.SendBodyChunk when payload.Length >= 3:
                break;
            case AjpPacket.EndResponse when payload.Length >= 2:
                inExchange = inRequest = false;
                step.Ends = true;
                step.Status = status;
                step.IsError = status is 0 or >= 500;
                step.Closes = payload[1] == 0;
                break;
            default:
                throw new ProtocolException($"AJP13 packet type {type} from a container is unknown, or too short");
        }

        return length;
    }

    /// <summary>
    /// A container may end its reply before the first packet of a body of known length has come, which a web server sends unasked; both
    /// take that packet for a part of the body. One that cannot be is a request, of a web server that saw the reply in time.
    /// </summary>
    private static bool IsBodyPacket(ReadOnlySpan<byte> payload) =>
        payload.IsEmpty || (payload.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(payload) == payload.Length - 2);

    /// <summary>
    /// Containers ask on although they have the whole body, even if its length is known, and get an empty packet; their reply
    /// may have ended meanwhile. Whoever repeats a request may be ahead of what is asked.
    /// </summary>
    private void BodyPacket(ReadOnlySpan<byte> payload, ref ClientStep step)
    {
        var data = payload.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (data > 0 && data > payload.Length - 2)
            throw new ProtocolException("an AJP13 body packet that is shorter than it says");
        asked -= isFirstDue ? 0 : 1;
        isFirstDue = false;
        if (!inRequest)
        {
            step.Ends = !inExchange && TryEndRequest();
            return;
        }

        bodyLeft -= data;
        step.Ends = data == 0 || bodyLeft <= 0;
        isUnfinished = inRequest = !step.Ends;
    }
}
