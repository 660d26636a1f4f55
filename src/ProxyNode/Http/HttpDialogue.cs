using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Http;

/// <summary>HTTP/1.1 on one connection (RFC 9112): pipelined requests, interim replies, bodies of any size, upgrades.</summary>
internal sealed class HttpDialogue : Dialogue
{
    private static readonly ReadOnlyMemory<byte> BadGateway = Text("502 Bad Gateway", "The server behind the proxy does not listen.\n");
    private static readonly ReadOnlyMemory<byte> BadRequest = Text("400 Bad Request", "The request is no well-formed HTTP/1.1.\n");

    private static readonly ReadOnlyMemory<byte> BadReply =
        Text("502 Bad Gateway", "The reply of the server behind the proxy is no well-formed HTTP/1.1.\n");

    private static readonly ReadOnlyMemory<byte> BadGatewayToHead = HeadOf(BadGateway);
    private static readonly ReadOnlyMemory<byte> BadReplyToHead = HeadOf(BadReply);

    private readonly Queue<Unanswered> unanswered = new(4);
    private MessageHead request;
    private MessageHead reply;
    private BodyScanner requestBody;
    private BodyScanner replyBody;
    private bool inRequest;
    private bool inReply;
    private bool hasJustBegun;

    /// <inheritdoc />
    public override int LongestUnit => HeadParser.MaximumLength;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Unreachable =>
        unanswered.TryPeek(out var asked) && asked.IsHead ? BadGatewayToHead : BadGateway;

    /// <inheritdoc />
    public override bool MayHalfClose => true;

    /// <inheritdoc />
    public override bool AwaitsHead => !inRequest;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Busy(string reason) => Text("503 Service Unavailable", reason + "\n");

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Refusal(string reason) => BadRequest;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> ReplyRefusal(string reason, bool hasBegun) =>
        hasBegun || !unanswered.TryPeek(out var asked) ? default : asked.IsHead ? BadReplyToHead : BadReply;

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        var taken = 0;
        if (!inRequest)
        {
            // RFC 9112 §2.2: an empty line before the request line is ignored; some clients end a body with one.
            if (bytes.StartsWith("\r\n"u8))
            {
                step.Skipped = 2;
                return 2;
            }

            if (bytes is [(byte)'\r'] || !HeadParser.TryReadRequest(bytes, out request))
                return 0;
            taken = request.Length;
            if (request.OffersHttp2)
                UpgradeOffer.TakeOut(bytes[..taken]);
            requestBody = new BodyScanner(request);
            step.Begins = true;
            step.IsPrivate = step.IsStream = request.MaySwitchProtocol;
        }

        var headLength = taken;
        taken += requestBody.Advance(bytes[taken..]);
        hasJustBegun = step.Begins && taken == headLength;
        if (step.Begins)
            unanswered.Enqueue(new Unanswered(request.IsHead, request.IsConnect, request.MaySwitchProtocol));
        inRequest = !requestBody.IsDone;
        if (!inRequest)
        {
            step.Ends = true;
            step.After = request.MaySwitchProtocol ? AfterRequest.AwaitReplies
                : request.KeepAlive ? AfterRequest.GoOn
                : AfterRequest.Last;
        }

        return taken;
    }

    /// <summary>
    /// Whether the request of which the head was read last, and nothing else, waits for a word before its body is sent (RFC 9110 §10.1.1).
    /// </summary>
    public bool ClientAwaitsContinue => inRequest && hasJustBegun && request.ExpectsContinue;

    /// <inheritdoc />
    public override int FromServer(Span<byte> bytes, out ServerStep step)
    {
        step = default;
        var taken = 0;
        if (!inReply)
        {
            if (!HeadParser.TryReadReply(bytes, out reply))
                return 0;
            if (!unanswered.TryPeek(out var asked))
                throw new HttpSyntaxException("a reply that nobody asked for");
            taken = reply.Length;
            if (reply.Status == 101 && !asked.MaySwitchProtocol)
                throw new HttpSyntaxException("a change of the protocol that nobody asked for");
            // What has no body says nothing until the connection ends, either.
            var body = reply.ForReplyTo(asked.IsHead).Body;
            // RFC 9110 §9.3.6: whatever length a reply that agrees to CONNECT has, it is to be ignored.
            step.Tunnels = reply.Status == 101
                || (reply.Status is >= 200 and < 300
                    && (asked.IsConnect || (asked is { MaySwitchProtocol: true, IsHead: false } && body == BodyKind.UntilClose)));
            if (reply.IsInterim)
                return taken;
            step.HeadLength = taken;
            if (step.Tunnels)
            {
                Complete(ref step);
                return taken;
            }

            reply = reply.ForReplyTo(asked.IsHead);
            replyBody = new BodyScanner(reply);
        }

        taken += replyBody.Advance(bytes[taken..]);
        inReply = !replyBody.IsDone;
        step.IsReply = true;
        if (!inReply)
            Complete(ref step);
        return taken;
    }

    /// <inheritdoc />
    public override bool ServerEnded(out ServerStep step)
    {
        step = default;
        if (!inReply || !replyBody.EndsWithConnection)
            return false;
        Complete(ref step);
        step.Closes = true;
        return true;
    }

    private void Complete(ref ServerStep step)
    {
        inReply = false;
        unanswered.Dequeue();
        step.IsReply = true;
        step.Ends = true;
        step.Status = reply.Status;
        step.IsError = reply.Status >= 500;
        step.Closes = !reply.KeepAlive;
    }

    /// <summary>A reply without its body, as it is due to HEAD (RFC 9110 §9.3.2).</summary>
    public static ReadOnlyMemory<byte> HeadOf(ReadOnlyMemory<byte> reply) => reply[..(reply.Span.IndexOf("\r\n\r\n"u8) + 4)];

    private static ReadOnlyMemory<byte> Text(string status, string text) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{text}");

    private readonly record struct Unanswered(bool IsHead, bool IsConnect, bool MaySwitchProtocol);
}
