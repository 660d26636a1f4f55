using System.Globalization;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Tests.Conversations;

/// <summary>
/// What a dialogue makes of a conversation: where requests and replies begin and end, and which bytes are sent on. Written so
/// that it does not depend on how the bytes were cut into pieces; whatever reads further than the framing, the matcher and the
/// shadow, reads along.
/// </summary>
internal sealed class Hearing
{
    private static readonly Replay Replay = new(
        new ReplaySettings(
            ProtocolRegistry.Default, Settings.Free, TimeSpan.FromSeconds(1), ServiceRules.None, 1 << 20), TimeProvider.System);

    private readonly IMessageProtocol protocol;
    private readonly Dialogue dialogue;
    private readonly Matcher matcher;
    private readonly Matcher cloneMatcher;
    private readonly ShadowSession shadow;
    private readonly Stream client = new();
    private readonly Stream server = new();
    private readonly Queue<Asked> pending = new();
    private readonly Identities identities = new();
    private Asked? current;
    private bool tunnel;
    private bool isLast;
    private bool awaitsReplies;
    private long replyFrom;
    private long headBytes;
    private int saidAlready;

    private Hearing(IMessageProtocol protocol)
    {
        this.protocol = protocol;
        dialogue = protocol.Open()!;
        matcher = protocol.OpenMatcher(ServiceRules.None);
        cloneMatcher = protocol.OpenMatcher(ServiceRules.None);
        shadow = protocol.OpenShadow(dialogue, ServiceRules.None, identities);
    }

    /// <summary>Everything that happened, in order.</summary>
    public List<string> Events { get; } = [];

    /// <summary>Only whole requests and replies.</summary>
    public IEnumerable<string> Whole => Events.Where(happened => happened.Contains(" ends ", StringComparison.Ordinal));

    /// <summary>Who broke the protocol; null when nobody did.</summary>
    public Speaker? Refused { get; private set; }

    /// <summary>How the protocol was broken.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What was sent on to the server, and to the client.</summary>
    public (byte[] Client, byte[] Server) SentOn => ([.. client.SentOn], [.. server.SentOn]);

    /// <summary>Whether a request was read to its end.</summary>
    public int Requests { get; private set; }

    /// <summary>Bytes that the proxy said itself.</summary>
    public int SaidByProxy { get; private set; }

    /// <summary>Hears a conversation.</summary>
    /// <param name="protocol">Of the conversation.</param>
    /// <param name="parts">What was said.</param>
    /// <param name="piece">Gives the length of the next piece, at least one byte.</param>
    public static Hearing Of(string protocol, IReadOnlyList<Said> parts, Func<int> piece)
    {
        var hearing = new Hearing(ProtocolRegistry.FindMessages(protocol)!);
        foreach (var part in parts)
        {
            for (var at = 0; at < part.Bytes.Length && hearing.Refused is null;)
            {
                var length = Math.Min(piece(), part.Bytes.Length - at);
                hearing.Hear(part.By, part.Bytes.AsSpan(at, length));
                at += length;
            }
        }

        hearing.HearEnd();
        return hearing;
    }

    private void HearEnd()
    {
        try
        {
            if (Refused is null && !tunnel && dialogue.ServerEnded(out var last))
                ReplyEnds(last);
        }
        catch (ProtocolException e)
        {
            // What the client had said meanwhile is read now.
            (Refused, Reason) = (Speaker.Client, e.Message);
        }
    }

    private void Hear(Speaker by, ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (by == Speaker.Server)
            {
                // What the proxy has answered itself, the recorded server answered too.
                var ignored = Math.Min(saidAlready, bytes.Length);
                saidAlready -= ignored;
                bytes = bytes[ignored..];
            }

            (by == Speaker.Client ? client : server).Waiting.AddRange(bytes);
            if (by == Speaker.Client)
                ReadClient();
            else
                ReadServer();
        }
        catch (ProtocolException e)
        {
            (Refused, Reason) = (by, e.Message);
        }
    }

    private void ReadClient()
    {
        while (client.Waiting.Count > 0 && !isLast && !awaitsReplies)
        {
            if (tunnel)
            {
                client.Take(0, client.Waiting.Count);
                return;
            }

            var bytes = client.Waiting.ToArray();
            var taken = dialogue.FromClient(bytes, out var step);
            Check(taken, bytes.Length);
            if (taken == 0)
                return;
            if (step.Begins)
            {
                current = new Asked(protocol, shadow, step);
                if (!step.IsOneWay)
                    pending.Enqueue(current);
                var (oneWay, isPrivate) = (step.IsOneWay ? ", one way" : "", step.IsPrivate ? ", private" : "");
                Note($"request {step.Kind} begins at {client.Position}{oneWay}{isPrivate}");
            }

            current?.Request.AddRange(bytes.AsSpan(step.Skipped, taken - step.Skipped));
            client.Take(step.Skipped, taken, bytes);
            if (step.Skipped > 0)
                Note($"skipped to {client.Position}");
            saidAlready += step.LocalReply.Length;
            SaidByProxy += step.LocalReply.Length;
            if (!step.LocalReply.IsEmpty)
                Note($"said {Convert.ToHexString(step.LocalReply.Span)}");
            if (!step.Ends)
                continue;
            Requests++;
            Note($"request ends at {client.Position}, {step.After}");
            current?.End(matcher, cloneMatcher);
            current = null;
            isLast = step.After == AfterRequest.Last;
            awaitsReplies = step.After == AfterRequest.AwaitReplies && pending.Count > 0;
        }
    }

    private void ReadServer()
    {
        while (server.Waiting.Count > 0)
        {
            if (tunnel)
            {
                server.Take(0, server.Waiting.Count);
                return;
            }

            var bytes = server.Waiting.ToArray();
            var taken = dialogue.FromServer(bytes, out var step);
            Check(taken, bytes.Length);
            if (taken == 0)
                return;
            if (step.IsReply && pending.TryPeek(out var answered))
                answered.Append(bytes.AsSpan(0, taken), step.HeadLength);
            if (!step.IsReply)
                replyFrom = server.Position + taken;
            headBytes += step.HeadLength;
            server.Take(0, taken, bytes);
            if (step.Ends)
                ReplyEnds(step);
        }
    }

    private void ReplyEnds(in ServerStep step)
    {
        var after = $"closes {step.Closes}, tunnels {step.Tunnels}";
        Note($"reply ends at {server.Position}, from {replyFrom}, head {headBytes}, status {step.Status}, error {step.IsError}, {after}");
        (replyFrom, headBytes) = (server.Position, 0);
        tunnel |= step.Tunnels;
        if (pending.TryDequeue(out var asked))
            asked.Answered(matcher, cloneMatcher, identities);
        if (pending.Count > 0 || !awaitsReplies)
            return;
        awaitsReplies = false;
        ReadClient();
    }

    private void Check(int taken, int given)
    {
        if (taken < 0 || taken > given)
            throw new BrokenInvariantException($"{taken} of {given} bytes were taken");
        if (taken == 0 && given > dialogue.LongestUnit)
            throw new BrokenInvariantException($"{given} bytes wait, more than the longest unit");
    }

    private void Note(FormattableString happened) => Events.Add(happened.ToString(CultureInfo.InvariantCulture));

    private sealed class Stream
    {
        public List<byte> Waiting { get; } = [];

        public List<byte> SentOn { get; } = [];

        public long Position { get; private set; }

        public void Take(int skipped, int taken, byte[]? changed = null)
        {
            SentOn.AddRange(changed is null ? Waiting[skipped..taken] : changed[skipped..taken]);
            Waiting.RemoveRange(0, taken);
            // What was changed in place and not taken stays changed, as in a buffer.
            for (var i = 0; changed is not null && i < Waiting.Count; i++)
                Waiting[i] = changed[taken + i];
            Position += taken;
        }
    }

    /// <summary>One request and its reply, read by everyone who reads further than the framing.</summary>
    private sealed class Asked(IMessageProtocol protocol, ShadowSession shadow, ClientStep step)
    {
        private readonly List<byte> reply = [];
        private readonly ReplyReader reader = shadow.OpenReply(Begun(step));
        private bool isUnreadable;
        private bool hasEnded;
        private bool isAnswered;

        public List<byte> Request { get; } = [];

        public void Append(ReadOnlySpan<byte> bytes, int headLength)
        {
            reply.AddRange(bytes);
            if (!isUnreadable)
                isUnreadable = !Try(bytes, headLength);
        }

        public void End(Matcher matcher, Matcher clone)
        {
            hasEnded = true;
            var request = Request.ToArray();
            Tolerate(() =>
            {
                shadow.OrderOf(request);
                shadow.MayDiffer(request);
                shadow.Rewrite(request);
            });
            if (step.IsOneWay || isAnswered)
                Keep(matcher, clone);
        }

        public void Answered(Matcher matcher, Matcher clone, Identities identities)
        {
            isAnswered = true;
            if (!isUnreadable)
            {
                Tolerate(reader.End);
                identities.Pair(
                    reader.Issued,
                    reader.Issued is { } names ? [.. names.Select(name => name with { Name = name.Name + "2" })] : null);
            }

            if (hasEnded)
                Keep(matcher, clone);
        }

        private void Keep(Matcher matcher, Matcher clone)
        {
            if (step.IsPrivate)
                return;
            var (request, answer) = (Request.ToArray(), reply.ToArray());
            Tolerate(() =>
            {
                matcher.KeysOf(request);
                var kept = step.IsOneWay ? [] : matcher.Keep(request, answer).ToArray();
                clone.KeysOf(request);
                clone.Adapt(request, kept);
                clone.Missing(request);
                clone.Local(request);
                _ = protocol.Name;
            });
        }

        private static Exchange Begun(in ClientStep step)
        {
            var exchange = new Exchange(Replay);
            exchange.Begin(null!, step, 0, isKept: false);
            return exchange;
        }

        private bool Try(ReadOnlySpan<byte> bytes, int headLength)
        {
            try
            {
                reader.Append(bytes, headLength);
                return true;
            }
            catch (ProtocolException)
            {
                return false;
            }
        }

        private static void Tolerate(Action read)
        {
            try
            {
                read();
            }
            catch (ProtocolException)
            {
                // Sound framing around what cannot be read further.
            }
        }
    }
}

/// <summary>A parser did what no input may make it do.</summary>
internal sealed class BrokenInvariantException(string message) : Exception(message);
