using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// One client connection and its own connection to the server behind the proxy. Bytes go on as they came, as soon as the
/// framing of the message that they belong to is known to be sound; nothing is sent on of a message that is refused.
/// Nothing is allocated for a request that nobody taps.
/// </summary>
internal sealed partial class RelayConnection(
    LoopSocket client, LoopSocket server, Dialogue dialogue, IConnectionTaps taps, ResponseTimes? times, TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly Queue<PendingReply> pending = new(4);
    private TaskCompletionSource? allAnswered;
    private ITap? tap;
    private bool closed;
    private volatile bool tunnel;

    /// <summary>Connects to the server and relays until either side ends.</summary>
    public static async Task RunAsync(
        Socket client,
        EndPoint upstream,
        Dialogue dialogue,
        IConnectionTaps taps,
        ResponseTimes? times,
        TimeProvider clock,
        CancellationToken stop)
    {
        var loop = EventLoop.Next();
        using (taps)
        {
            LoopSocket connected;
            try
            {
                connected = await ServerSocket.ConnectAsync(upstream, loop, stop).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                await SayUnreachableAsync(client, dialogue, times, stop).ConfigureAwait(false);
                return;
            }

            // Both on one loop: a request and its reply never change threads.
            using var server = connected;
            using var own = new LoopSocket(client, loop);
            await new RelayConnection(own, server, dialogue, taps, times, clock).RelayAsync(stop).ConfigureAwait(false);
        }
    }

    private async Task RelayAsync(CancellationToken stop)
    {
        taps.Opened(dialogue, clock.GetTimestamp());
        await using var registration =
            stop.UnsafeRegister(static state => ((RelayConnection)state!).Disconnect(), this).ConfigureAwait(false);
        var requests = PumpRequestsAsync();
        var replies = PumpRepliesAsync();
        var first = await Task.WhenAny(requests, replies).ConfigureAwait(false);
        if (!tunnel && first.IsCompletedSuccessfully)
            await (first == requests ? LingerAsync(server, replies) : LingerAsync(client, requests)).ConfigureAwait(false);
        if (!tunnel)
            Disconnect();
        await SettleAsync(requests).ConfigureAwait(false);
        await SettleAsync(replies).ConfigureAwait(false);
        Disconnect();
        tap?.RequestBroken();
    }

    private async Task PumpRequestsAsync()
    {
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        var arrival = 0L;
        var midRequest = false;
        while (true)
        {
            var received = await client.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
            if (received == 0)
                break;
            buffer.Received(received);
            if (arrival == 0)
                arrival = clock.GetTimestamp();
            while (buffer.Count > 0)
            {
                ClientStep step;
                int taken;
                try
                {
                    taken = ReadRequest(buffer.Span, arrival, ref tap, out step);
                }
                catch (ProtocolException e)
                {
                    await RefuseAsync(partlySent: midRequest, e.Message).ConfigureAwait(false);
                    return;
                }

                if (taken == 0)
                    break;
                var bytes = buffer.Memory[step.Skipped..taken];
                await server.SendAsync(bytes).ConfigureAwait(false);
                if (!step.LocalReply.IsEmpty)
                    await client.SendAsync(step.LocalReply).ConfigureAwait(false);
                tap?.Request(bytes.Span);
                buffer.Take(taken);
                midRequest = !step.Ends && (midRequest || step.Begins);
                // What is no part of a request, such as a log-in, is not the arrival of the next one.
                arrival = midRequest ? arrival : buffer.Count == 0 ? 0 : clock.GetTimestamp();
                if (!step.Ends)
                    continue;
                tap?.RequestEnded();
                tap = null;
                if (step.After == AfterRequest.GoOn)
                    continue;
                await AllAnsweredAsync().ConfigureAwait(false);
                if (tunnel)
                {
                    await TunnelAsync(buffer, client, server).ConfigureAwait(false);
                    return;
                }

                if (step.After == AfterRequest.Last)
                    return;
            }
        }

        // The client has nothing more to say but may still listen (RFC 9112 §9.6).
        if (buffer.Count == 0)
            await AllAnsweredAsync().ConfigureAwait(false);
    }

    private int ReadRequest(Span<byte> bytes, long arrival, ref ITap? tap, out ClientStep step)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var taken = dialogue.FromClient(bytes, out step);
            if (!step.Begins)
                return taken;
            // A server may answer without having read the whole request; then the next one ends it.
            tap?.RequestEnded();
            tap = taps.Begin(dialogue, step, arrival);
            if (!step.IsOneWay)
                pending.Enqueue(new PendingReply(arrival, tap));
            return taken;
        }
    }

    private async Task PumpRepliesAsync()
    {
        using var buffer = new ReadBuffer(dialogue.LongestUnit);
        while (true)
        {
            var received = await server.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
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
                if (step.IsReply)
                    request.Tap?.Reply(buffer.Span[..taken], step.HeadLength);
                buffer.Take(taken);
                if (!step.Ends)
                    continue;
                tunnel |= step.Tunnels;
                Complete(request, step, receivedAt);
                if (step.Tunnels)
                {
                    await TunnelAsync(buffer, server, client).ConfigureAwait(false);
                    return;
                }

                if (step.Closes)
                    return;
            }
        }

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
        lock (gate)
        {
            // Whoever disconnects meanwhile has told the tap already.
            if (!pending.TryDequeue(out _))
                return;
            if (pending.Count == 0)
                allAnswered?.TrySetResult();
        }

        times?.Add(clock.GetElapsedTime(request.Arrival, receivedAt), step.IsError);
        request.Tap?.ReplyEnded(step, receivedAt);
    }

    private static async Task TunnelAsync(ReadBuffer buffer, LoopSocket from, LoopSocket to)
    {
        while (true)
        {
            await to.SendAsync(buffer.Memory).ConfigureAwait(false);
            buffer.Take(buffer.Count);
            var received = await from.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
            if (received == 0)
                break;
            buffer.Received(received);
        }

        to.Shutdown(SocketShutdown.Send);
    }
}
