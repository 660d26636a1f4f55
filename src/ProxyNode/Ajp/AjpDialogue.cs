using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Ajp;

/// <summary>
/// AJP13 on one connection: one request at a time; its body comes in packets, most of them when the container asks. Only
/// whole packets are sent on.
/// </summary>
internal sealed class AjpDialogue : Dialogue
{
    private bool inExchange;
    private bool inRequest;
    private long? bodyLeft;
    private bool isFirstDue;
    private int asked;
    private int status;

    /// <inheritdoc />
    public override int LongestUnit => AjpPacket.LongestPacket;

    /// <summary>The client's last packet was a probe.</summary>
    public bool WasProbe { get; private set; }

    /// <summary>The request said how long its body is.</summary>
    public bool IsBodyLengthKnown => bodyLeft is not null;

    /// <summary>The container may ask for more of the request's body.</summary>
    public bool IsBodyOpen => inRequest;

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        var length = AjpPacket.LengthOf(bytes, fromContainer: false);
        if (length == 0)
            return 0;
        var payload = bytes[AjpPacket.HeaderLength..length];
        WasProbe = false;
        if (inRequest || asked > 0)
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
            return;
        bodyLeft -= data;
        step.Ends = data == 0 || bodyLeft <= 0;
        inRequest = !step.Ends;
    }
}
