using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <content>How a connection ends: without a server, with a refusal, or as either side wants.</content>
internal sealed partial class RelayConnection
{
    /// <summary>How long a side that is to close may be silent (the same as nginx's lingering_timeout).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>How long a client may go on saying what nobody takes any more.</summary>
    private static readonly TimeSpan LongestLinger = TimeSpan.FromMinutes(2);

    /// <summary>Whether a pump has ended as connections do.</summary>
    private static bool IsEnd(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or ProtocolException or OperationCanceledException;

    /// <summary>Whether the server takes nothing more, while the connection itself goes on: it may have said something before.</summary>
    private bool IsDeaf(Exception e) => e is SocketException or ObjectDisposedException && !closed;

    /// <summary>The client has said all, and has its replies: the server is told, and so is the client when the server has ended.</summary>
    private async Task ClientHasSaidAllAsync(Task requests, Task replies)
    {
        try
        {
            server?.Shutdown(SocketShutdown.Send);
            if (server is not null)
                await replies.WaitAsync(Patience, clock).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException || IsEnd(e))
        {
            // It has vanished, or does not close: then we do.
        }

        await HearClientOutAsync(requests).ConfigureAwait(false);
    }

    /// <summary>
    /// The server has ended, in order or not, or has said what is refused. The client gets what it can still be told, and goes on with
    /// the request that it is sending, as it would without a proxy.
    /// </summary>
    private async Task ServerHasEndedAsync(Task requests, Task replies)
    {
        // Either direction of a tunnel ends by itself.
        if (tunnel && replies.IsCompletedSuccessfully)
            return;
        var isSendingOn = EndReplies() && replies.IsCompletedSuccessfully;
        // Nothing that a client still says is for a server that has ended, but for the rest of its request.
        if (!isSendingOn)
            server?.Dispose();
        if (replies.Exception?.InnerException is ProtocolException refused)
            await RefuseReplyAsync(refused.Message).ConfigureAwait(false);
        await HearClientOutAsync(requests).ConfigureAwait(false);
    }

    /// <summary>Tells the client, where that can be told apart from a reply, why it gets none (RFC 9112 §6.3: 502).</summary>
    private async Task RefuseReplyAsync(string reason)
    {
        ReadOnlyMemory<byte> words;
        lock (gate)
            words = tunnel || closed ? default : dialogue.ReplyRefusal(reason, midReply);
        FailPending();
        try
        {
            if (!words.IsEmpty)
                await client.SendAsync(words).ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It has left.
        }
    }

    /// <summary>
    /// Tells the client that all was said, and hears it until it closes too: a socket that is closed while something waits to be read
    /// from it is reset, and what is still on its way to the peer would be lost (RFC 9112 §9.6).
    /// </summary>
    /// <param name="requests">Hears it, unless it has ended.</param>
    private async Task HearClientOutAsync(Task requests)
    {
        try
        {
            client.Shutdown(SocketShutdown.Send);
            SideHasEnded();
            var began = clock.GetTimestamp();
            for (var heard = requests; !clientLeft;)
            {
                if (heard.IsCompleted)
                    heard = DiscardAsync();
                var seen = Volatile.Read(ref goneSince);
                try
                {
                    await heard.WaitAsync(Patience, clock).ConfigureAwait(false);
                }
                catch (TimeoutException)
                    when ((isSending || Volatile.Read(ref goneSince) != seen) && clock.GetElapsedTime(began) < LongestLinger)
                {
                    // It goes on sending, or waits for a server that still takes it.
                }
            }
        }
        catch (Exception e) when (e is TimeoutException || IsEnd(e))
        {
            // It has vanished, or does not close: then we do.
        }
    }

    /// <summary>
    /// The server says that it ends the connection with this reply. A request that is still coming in goes on to it as long as it takes
    /// that; what else it says is nobody's.
    /// </summary>
    private async Task HearServerOutAsync(ReadBuffer buffer, LoopSocket from)
    {
        if (!EndReplies())
            return;
        client.Shutdown(SocketShutdown.Send);
        SideHasEnded();
        do
            buffer.Take(buffer.Count);
        while (await HearAsync(from, buffer).ConfigureAwait(false));
        serverLeft = true;
    }

    /// <summary>No reply comes any more, whoever waits for one.</summary>
    /// <returns>Whether a request is still coming in.</returns>
    private bool EndReplies()
    {
        lock (gate)
        {
            isOver = true;
            allAnswered?.TrySetResult();
            return midRequest;
        }
    }

    /// <summary>Hears what the client says for a server that takes nothing more.</summary>
    private async Task DiscardAsync()
    {
        isSending = false;
        SideHasEnded();
        using var buffer = new ReadBuffer(longestUnit: 0);
        while (await HearAsync(client, buffer).ConfigureAwait(false))
        {
            buffer.Take(buffer.Count);
            goneSince = clock.GetTimestamp();
        }

        clientLeft = true;
        await AllAnsweredAsync().ConfigureAwait(false);
    }

    private static async ValueTask<bool> HearAsync(LoopSocket from, ReadBuffer buffer)
    {
        var received = await from.ReceiveAsync(buffer).ConfigureAwait(false);
        buffer.Received(received);
        return received > 0;
    }

    /// <summary>Either side may vanish at any time: that ends the connection and is nobody's failure here.</summary>
    private async Task SettleAsync(Task pump)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch (Exception e) when (IsEnd(e))
        {
            Disconnect();
        }
    }

    private void Disconnect()
    {
        // Before either socket is closed here, which looks to whoever reads from it as if its peer had left.
        var isGivenUp = clientLeft && !serverLeft;
        PendingReply[] rest;
        LoopSocket? connected;
        CancellationTokenSource? attempt;
        lock (gate)
        {
            closed = true;
            (connected, attempt) = (server, connecting);
            allAnswered?.TrySetResult();
            rest = pending.Count == 0 ? [] : [.. pending];
            failed += rest.Length;
            pending.Clear();
        }

        client.Dispose();
        connected?.Dispose();
        Cancel(attempt);
        opened.TrySetResult(null);

        Tell(rest, isGivenUp);
    }

    /// <summary>Requests that no server has taken are counted before their client is told.</summary>
    private void FailPending()
    {
        PendingReply[] rest;
        lock (gate)
        {
            rest = [.. pending];
            failed += rest.Length;
            pending.Clear();
        }

        Tell(rest, isGivenUp: false);
    }

    private void Tell(PendingReply[] rest, bool isGivenUp)
    {
        foreach (var unanswered in rest)
        {
            times?.Open?.End(unanswered.Arrival);
            times?.AddUnanswered(clock.GetElapsedTime(unanswered.Arrival), isGivenUp);
            unanswered.Tap?.Aborted(clock.GetTimestamp());
        }
    }

    private static void Cancel(CancellationTokenSource? attempt)
    {
        try
        {
            attempt?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has come about, or has failed.
        }
    }

    private Task AllAnsweredAsync()
    {
        lock (gate)
        {
            if (pending.Count == 0 || closed || isOver)
                return Task.CompletedTask;
            allAnswered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return allAnswered.Task;
        }
    }

    /// <summary>Answers a request that is refused, once everything before it has been answered.</summary>
    private async Task RefuseAsync(bool partlySent, string reason)
    {
        // Part of it has gone to the server already: neither side may go on with this connection.
        if (partlySent)
            return;
        await AllAnsweredAsync().ConfigureAwait(false);
        var refusal = dialogue.Refusal(reason);
        if (tunnel || isOver || refusal.IsEmpty)
            return;
        await client.SendAsync(refusal).ConfigureAwait(false);
    }

    /// <summary>Reads a little of what the client still sends, so that closing does not reset the reply away (RFC 9112 §9.6).</summary>
    private static async Task DrainAsync(LoopSocket client)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        // Nothing else is read from it any more.
        await using var registration = client.CloseOn(patience.Token).ConfigureAwait(false);
        var buffer = new byte[4096];
        while (await client.ReceiveAsync(buffer).ConfigureAwait(false) > 0)
        {
        }
    }
}
