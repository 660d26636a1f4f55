using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Relaying;

/// <content>The way from the server to the client.</content>
internal sealed partial class RelayConnection
{
    private async Task PumpRepliesAsync()
    {
        if (await opened.Task.ConfigureAwait(false) is not { } from)
            return;
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        while (true)
        {
            var received = 0;
            try
            {
                received = await from.ReceiveAsync(buffer).ConfigureAwait(false);
            }
            finally
            {
                serverLeft = received == 0;
            }

            if (received == 0)
                break;
            var receivedAt = clock.GetTimestamp();
            buffer.Received(received);
            while (buffer.Count > 0)
            {
                var taken = ReadReply(buffer.Span, out var step, out var request);
                if (taken == 0)
                    break;
                await client.SendAsync(buffer.Memory[..taken]).ConfigureAwait(false);
                midReply = step.IsReply && !step.Ends;
                if (step.IsReply)
                    request.Tap?.Reply(buffer.Span[..taken], step.HeadLength);
                buffer.Take(taken);
                if (goneSince != 0)
                    goneSince = clock.GetTimestamp();
                if (!step.Ends)
                    continue;
                tunnel |= step.Tunnels;
                Complete(request, step, receivedAt);
                if (step.Tunnels)
                {
                    await TunnelAsync(buffer, from, client).ConfigureAwait(false);
                    return;
                }

                if (step.Closes)
                {
                    await HearServerOutAsync(buffer, from).ConfigureAwait(false);
                    return;
                }
            }

            if (served.IsBeforeLogIn && dialogue.HasLoggedIn)
                context.Roll.LoggedIn(served);
        }

        if (buffer.Count > 0)
            throw new ProtocolException("a reply that ends too early");
        if (ServerEnded(out var last, out var lastRequest))
            Complete(lastRequest, last, clock.GetTimestamp());
    }

    private int ReadReply(Span<byte> bytes, out ServerStep step, out PendingReply request)
    {
        lock (gate)
        {
            var taken = dialogue.FromServer(bytes, out step);
            request = default;
            if (step.IsReply)
                pending.TryPeek(out request);
            return taken;
        }
    }

    private bool ServerEnded(out ServerStep step, out PendingReply request)
    {
        lock (gate)
        {
            request = default;
            return dialogue.ServerEnded(out step) && pending.TryPeek(out request);
        }
    }

    private void Complete(in PendingReply request, in ServerStep step, long receivedAt)
    {
        ITap? unread = null;
        lock (gate)
        {
            // Whoever disconnects meanwhile has told the tap already.
            if (!pending.TryDequeue(out _))
                return;
            answered++;
            quietSince = receivedAt;
            if (dialogue.TryEndRequest())
            {
                midRequest = false;
                unread = Interlocked.Exchange(ref tap, null);
            }

            if (pending.Count == 0)
                allAnswered?.TrySetResult();
        }

        times?.Open?.End(request.Arrival);
        times?.Add(clock.GetElapsedTime(request.Arrival, receivedAt), step.IsError);
        request.Tap?.ReplyEnded(step, receivedAt);
        unread?.RequestEnded();
    }
}
