using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>A connection over which one session of a trace is repeated: one request after another, each with its reply.</summary>
internal sealed class TraceConnection(IPEndPoint target, ShadowSession session, TimeProvider clock) : IDisposable
{
    private LoopSocket? socket;
    private Dialogue? dialogue;
    private ReadBuffer? buffer;

    /// <summary>Sends a request and reads its reply.</summary>
    /// <param name="request">As it was recorded.</param>
    /// <param name="isOneWay">No reply comes.</param>
    /// <param name="openReply">Reads the reply; opened anew where a reply broke off and is asked for again.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>How it was answered, and what read the reply.</returns>
    public async Task<(Answer Answer, ReplyReader Reply)> AskAsync(
        byte[] request, bool isOneWay, Func<ReplyReader> openReply, CancellationToken stop)
    {
        // A server may close a connection that idles; like any client, once more on a new one.
        for (var isReused = socket is not null; ; isReused = false)
        {
            var reply = openReply();
            try
            {
                socket ??= await ServerSocket.ConnectAsync(target, EventLoop.NextOfClones(), stop).ConfigureAwait(false);
                await using var registration = socket.CloseOn(stop).ConfigureAwait(false);
                if (!isReused)
                    await LogInAsync(socket).ConfigureAwait(false);
                await SayAsync(session.Rewrite(request)).ConfigureAwait(false);
                if (isOneWay)
                    return (new Answer(clock.GetTimestamp(), 0, IsError: false), reply);
                if (await ReadAsync(reply).ConfigureAwait(false) is { } answer)
                {
                    reply.End();
                    return (answer, reply);
                }

                Disconnect();
            }
            catch (Exception e) when (e is OperationCanceledException || stop.IsCancellationRequested)
            {
                Disconnect();
                return (Answer.None(clock.GetTimestamp()), reply);
            }
            catch (Exception e) when (e is SocketException or IOException or ProtocolException or ArgumentException or FormatException
                or IndexOutOfRangeException)
            {
                // Whatever a server does to our readers, it has not answered.
                Disconnect();
            }

            if (!isReused)
                return (Answer.None(clock.GetTimestamp()), reply);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Disconnect();
        buffer?.Dispose();
        buffer = null;
    }

    private async Task LogInAsync(LoopSocket connected)
    {
        dialogue = session.Open();
        buffer?.Dispose();
        buffer = new ReadBuffer(dialogue.LongestUnit);
        await session.LogInAsync(connected, dialogue).ConfigureAwait(false);
    }

    /// <summary>Sends bytes that the dialogue has heard: it must know what was asked to read the reply.</summary>
    private async Task SayAsync(ReadOnlyMemory<byte> bytes)
    {
        var heard = bytes.ToArray();
        for (var at = 0; at < heard.Length;)
            at += dialogue!.FromClient(heard.AsSpan(at), out _) is > 0 and var taken
                ? taken
                : throw new ProtocolException("a request without an end");
        await socket!.SendAsync(bytes).ConfigureAwait(false);
    }

    /// <summary>Reads a reply to its end; null when the server closed before.</summary>
    private async Task<Answer?> ReadAsync(ReplyReader reply)
    {
        while (true)
        {
            while (buffer!.Count > 0 && dialogue!.FromServer(buffer.Span, out var step) is > 0 and var taken)
            {
                if (step.IsReply)
                    reply.Append(buffer.Span[..taken], step.HeadLength);
                var more = session.Answer(buffer.Span[..taken]);
                buffer.Take(taken);
                await SayAsync(more).ConfigureAwait(false);
                if (step.Ends)
                    return Answered(step);
            }

            var received = await socket!.ReceiveAsync(buffer).ConfigureAwait(false);
            if (received == 0)
                return dialogue!.ServerEnded(out var last) ? Answered(last with { Closes = true }) : null;
            buffer.Received(received);
        }
    }

    private Answer Answered(in ServerStep step)
    {
        var answer = new Answer(clock.GetTimestamp(), step.Status, step.IsError);
        if (step.Closes)
            Disconnect();
        return answer;
    }

    private void Disconnect()
    {
        socket?.Dispose();
        (socket, dialogue) = (null, null);
    }
}
