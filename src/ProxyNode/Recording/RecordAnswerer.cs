using System.Buffers;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sandboxes;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Stands in for the next tier behind a clone: answers from the record, after the recorded delay. It has no way to the next
/// tier itself (DESIGN §5).
/// </summary>
internal sealed class RecordAnswerer(
    Record record,
    Recorder recorder,
    SandboxClients clients,
    IMessageProtocol protocol,
    ServiceRules rules,
    Func<RecordUse?> current,
    TimeProvider clock)
{
    /// <summary>Answers one connection of the clone until it ends.</summary>
    public async Task ServeAsync(Socket connection, CancellationToken stop)
    {
        if (!clients.Includes(connection))
        {
            record.Refused.OfSource();
            return;
        }

        using var clone = new LoopSocket(connection, EventLoop.NextOfClones());
        await using var registration = clone.CloseOn(stop).ConfigureAwait(false);
        await ServeAsync(clone).ConfigureAwait(false);
    }

    private async Task ServeAsync(LoopSocket clone)
    {
        var dialogue = protocol.Open();
        var matcher = protocol.OpenMatcher(rules);
        if (!await matcher.GreetAsync(clone, dialogue, record).ConfigureAwait(false))
            return;
        var replies = new TimedReplies(clone, clock);
        try
        {
            await HearAsync(clone, dialogue, matcher, replies).ConfigureAwait(false);
        }
        catch (ProtocolException e)
        {
            replies.Add(dialogue.Refusal(e.Message), clock.GetTimestamp());
        }

        await replies.SayTheRestAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Reads requests to the connection's end. What answers one is looked up when it comes, so that nothing is left to be done when it
    /// is due.
    /// </summary>
    private async Task HearAsync(LoopSocket clone, Dialogue dialogue, Matcher matcher, TimedReplies replies)
    {
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        var request = new ArrayBufferWriter<byte>(512);
        var arrival = 0L;
        var (midRequest, closes, wasAnswered) = (false, false, false);
        while (await clone.ReceiveAsync(buffer).ConfigureAwait(false) is > 0 and var received)
        {
            buffer.Received(received);
            var receivedAt = clock.GetTimestamp();
            if (arrival == 0)
                arrival = receivedAt;
            await recorder.CaughtUpAsync().ConfigureAwait(false);
            while (buffer.Count > 0)
            {
                var taken = dialogue.FromClient(buffer.Span, out var step);
                if (taken == 0)
                    break;
                if (step.Begins)
                {
                    request.ResetWrittenCount();
                    wasAnswered = false;
                }

                request.Write(buffer.Span[step.Skipped..taken]);
                buffer.Take(taken);
                midRequest = !step.Ends && (midRequest || step.Begins);
                replies.Add(step.LocalReply, receivedAt);
                if (!step.Ends)
                {
                    replies.Add(matcher.Prompt(dialogue), receivedAt);
                    matcher.Context = dialogue.Context;
                    if (midRequest && matcher.EndsPart(dialogue))
                    {
                        Answer(dialogue, matcher, request.WrittenSpan, arrival, replies);
                        request.ResetWrittenCount();
                        arrival = buffer.Count == 0 ? 0 : receivedAt;
                        continue;
                    }

                    if (!wasAnswered && buffer.Count == 0 && IsBrokenOff(dialogue, matcher, request.WrittenSpan))
                    {
                        Answer(dialogue, matcher, request.WrittenSpan, arrival, replies);
                        wasAnswered = true;
                    }

                    arrival = midRequest ? arrival : 0;
                    continue;
                }

                // The matcher hears those that get no reply too.
                matcher.Context = dialogue.Context;
                if (step.IsOneWay)
                    matcher.KeysOf(request.WrittenSpan);
                else if (!wasAnswered)
                    closes = Answer(dialogue, matcher, request.WrittenSpan, arrival, replies);
                // The next one, if it is here, was asked together with this one, not after its answer: so it was of the next tier.
                arrival = buffer.Count == 0 ? 0 : receivedAt;
                if (closes || step.After == AfterRequest.Last)
                    return;
            }

            // What was asked together is looked up before any of it is answered.
            await replies.SayAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether the request that came next on record was answered when so much of it had come, and its client waits for that answer.
    /// </summary>
    private static bool IsBrokenOff(Dialogue dialogue, Matcher matcher, ReadOnlySpan<byte> request) =>
        matcher.MayBreakOff(dialogue)
        && matcher.Last?.Held?.Next?.Held is { IsEarly: true } next
        && matcher.KeysOf(request) is { } keys
        && (keys.Exact == next.Keys.Exact || keys.Wildcard == next.Keys.Wildcard);

    /// <summary>Answers a request; true when the connection ends with that.</summary>
    private bool Answer(Dialogue dialogue, Matcher matcher, ReadOnlySpan<byte> request, long arrival, TimedReplies replies)
    {
        if (matcher.Dropped(request) is { } dropped)
        {
            replies.Add(Heard(dialogue, dropped), arrival);
            return false;
        }

        matcher.Names = record.Names;
        if (matcher.KeysOf(request) is not { } keys)
        {
            replies.AddWithNext(Heard(dialogue, matcher.Local(request)), arrival);
            return false;
        }

        var use = current();
        var shift = use is null ? 0 : (long)(use.TimeShift.TotalSeconds * clock.TimestampFrequency);
        var (recorded, kind) = record.Find(keys, arrival - shift, lag: shift, matcher.Last);
        // Whoever sees the count finds the sample.
        if (use is not null && kind is MatchKind.Nearest or MatchKind.Missing)
            use.Samples.Add(kind, matcher, request, recorded?.Request, rules.Redaction);
        use?.Matches.Add(kind, isByLearntValue: keys.Values?.Any(value => record.Names.OfClone(value) is not null) == true);
        if (recorded is null)
        {
            replies.Add(Heard(dialogue, matcher.Missing(request)), arrival);
            return false;
        }

        matcher.Last = recorded.Place;
        replies.Add(
            Heard(dialogue, matcher.Adapt(request, recorded.Reply)),
            arrival + (long)(recorded.Delay.TotalSeconds * clock.TimestampFrequency));
        return recorded.Closes;
    }

    /// <summary>A reply that the dialogue has heard: it must know what was answered to read what comes next.</summary>
    private static byte[] Heard(Dialogue dialogue, ReadOnlyMemory<byte> reply)
    {
        var heard = reply.ToArray();
        for (var at = 0; at < heard.Length;)
        {
            var taken = dialogue.FromServer(heard.AsSpan(at), out _);
            if (taken == 0)
                break;
            at += taken;
        }

        return heard;
    }
}
