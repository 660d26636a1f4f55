using System.Buffers;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Stands in for the next tier behind a clone: answers from the record, after the recorded delay. It has no way to the next
/// tier itself (DESIGN §5).
/// </summary>
internal sealed class RecordAnswerer(Record record, IProtocol protocol, ServiceRules rules, Func<RecordUse?> current, AnswerTimer timer, TimeProvider clock)
{
    /// <summary>Answers one connection of the clone until it ends.</summary>
    public async Task ServeAsync(Socket clone, CancellationToken stop)
    {
        var dialogue = protocol.Open() ?? throw new NotSupportedException($"Protocol {protocol.Name} is only relayed.");
        var matcher = protocol.OpenMatcher(rules);
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        var request = new ArrayBufferWriter<byte>(512);
        try
        {
            if (!await matcher.GreetAsync(clone, dialogue, record, stop).ConfigureAwait(false))
                return;
            var arrival = 0L;
            var midRequest = false;
            while (true)
            {
                var received = await clone.ReceiveAsync(buffer.Room(), stop).ConfigureAwait(false);
                if (received == 0)
                    return;
                buffer.Received(received);
                if (arrival == 0)
                    arrival = clock.GetTimestamp();
                while (buffer.Count > 0)
                {
                    var taken = dialogue.FromClient(buffer.Span, out var step);
                    if (taken == 0)
                        break;
                    if (step.Begins)
                        request.ResetWrittenCount();
                    request.Write(buffer.Span[step.Skipped..taken]);
                    buffer.Take(taken);
                    midRequest = !step.Ends && (midRequest || step.Begins);
                    if (!step.LocalReply.IsEmpty)
                        await SendAsync(clone, step.LocalReply, stop).ConfigureAwait(false);
                    if (!step.Ends)
                    {
                        await SendAsync(clone, matcher.Prompt(dialogue), stop).ConfigureAwait(false);
                        arrival = midRequest ? arrival : 0;
                        continue;
                    }

                    var goesOn = await AnswerAsync(clone, dialogue, matcher, request, arrival, step.IsOneWay, stop).ConfigureAwait(false);
                    arrival = buffer.Count == 0 ? 0 : clock.GetTimestamp();
                    if (!goesOn || step.After == AfterRequest.Last)
                        return;
                }
            }
        }
        catch (ProtocolException e)
        {
            await SendAsync(clone, dialogue.Refusal(e.Message), stop).ConfigureAwait(false);
        }
    }

    /// <summary>Answers a request; false when the recorded reply ends the connection.</summary>
    private async Task<bool> AnswerAsync(
        Socket clone, Dialogue dialogue, Matcher matcher, ArrayBufferWriter<byte> request, long arrival, bool isOneWay, CancellationToken stop)
    {
        matcher.Names = record.Names;
        var keys = matcher.KeysOf(request.WrittenSpan);
        if (isOneWay)
            return true;
        if (keys is not { } wanted)
        {
            await ReplyAsync(clone, dialogue, matcher.Local(request.WrittenSpan), stop).ConfigureAwait(false);
            return true;
        }

        var use = current();
        var shift = use is null ? 0 : (long)(use.TimeShift.TotalSeconds * clock.TimestampFrequency);
        var (recorded, kind) = record.Find(wanted, arrival - shift, lag: shift);
        use?.Matches.Add(kind);
        if (recorded is null)
        {
            await ReplyAsync(clone, dialogue, matcher.Missing(request.WrittenSpan), stop).ConfigureAwait(false);
            return true;
        }

        var due = arrival + (long)(recorded.Delay.TotalSeconds * clock.TimestampFrequency);
        await timer.UntilAsync(due).WaitAsync(stop).ConfigureAwait(false);
        await ReplyAsync(clone, dialogue, matcher.Adapt(request.WrittenSpan, recorded.Reply), stop).ConfigureAwait(false);
        return !recorded.Closes;
    }

    /// <summary>Says a reply, after the dialogue has heard it: it must know what was answered to read what comes next.</summary>
    private static async Task ReplyAsync(Socket clone, Dialogue dialogue, ReadOnlyMemory<byte> reply, CancellationToken stop)
    {
        var heard = reply.ToArray();
        for (var at = 0; at < heard.Length;)
        {
            var taken = dialogue.FromServer(heard.AsSpan(at), out _);
            if (taken == 0)
                break;
            at += taken;
        }

        await SendAsync(clone, heard, stop).ConfigureAwait(false);
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, stop).ConfigureAwait(false)..];
    }
}
