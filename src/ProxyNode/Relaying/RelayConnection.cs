using System.Net.Sockets;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// One client connection and its own connection to the server behind the proxy, which is opened when there is something to say to the
/// server, or at once where it greets. Bytes go on as they came, as soon as the framing of the message that they belong to is known
/// to be sound; nothing is sent on of a message that is refused. Nothing is allocated for a request that nobody taps.
/// </summary>
internal sealed partial class RelayConnection : IRelayedConnection, ISocketOwner
{
    private readonly Lock gate = new();
    private readonly Queue<PendingReply> pending = new(1);
    private readonly TaskCompletionSource<LoopSocket?> opened = new();
    private readonly ServedConnection served;
    private readonly LoopSocket client;
    private readonly RelayContext context;
    private readonly Dialogue dialogue;
    private readonly IConnectionTaps taps;
    private readonly ResponseTimes? times;
    private readonly TimeProvider clock;
    private LoopSocket? server;
    private CancellationTokenSource? connecting;
    private TaskCompletionSource? allAnswered;
    private ITap? tap;
    private bool isTapped;
    private bool closed;
    private bool midRequest;

    /// <summary>Bytes of the reply that is due have gone to the client, and more of it must follow.</summary>
    private bool midReply;

    /// <summary>The server answers nothing more: of what the client still says, only the rest of its request is for it.</summary>
    private volatile bool isOver;

    private volatile bool tunnel;
    private volatile bool clientLeft;
    private volatile bool serverLeft;

    private RelayConnection(
        ServedConnection served, LoopSocket client, RelayContext context, Dialogue dialogue, IConnectionTaps taps)
    {
        (this.served, this.client, this.context, this.dialogue, this.taps) = (served, client, context, dialogue, taps);
        (times, clock) = (context.Times, context.Clock);
        quietSince = clock.GetTimestamp();
    }

    /// <summary>Relays until either side ends, or says why there is no place for the client.</summary>
    public static async Task RunAsync(
        ServedConnection served, RelayContext context, Dialogue dialogue, IConnectionTaps taps, CancellationToken stop)
    {
        using (taps)
        {
            using var client = new LoopSocket(served.Socket, EventLoop.Next());
            if (served.Refused is { } why)
            {
                if (context.Roll.TellsReason())
                    await TurnAwayAsync(client, dialogue, why, stop).ConfigureAwait(false);
                return;
            }

            await new RelayConnection(served, client, context, dialogue, taps).RelayAsync(stop).ConfigureAwait(false);
        }
    }

    private async Task RelayAsync(CancellationToken stop)
    {
        await using var registration =
            stop.UnsafeRegister(static state => ((RelayConnection)state!).Disconnect(), this).ConfigureAwait(false);
        served.Relayed = this;
        client.TellOfEnd(this);
        if (dialogue.ServerSpeaksFirst && !await TryGreetAsync().ConfigureAwait(false))
        {
            Disconnect();
            return;
        }

        var requests = PumpRequestsAsync();
        var replies = PumpRepliesAsync();
        var first = await Task.WhenAny(requests, replies).ConfigureAwait(false);
        if (first == replies)
            await ServerHasEndedAsync(requests, replies).ConfigureAwait(false);
        else if (!tunnel && requests.IsCompletedSuccessfully)
            await ClientHasSaidAllAsync(requests, replies).ConfigureAwait(false);
        if (!tunnel || !first.IsCompletedSuccessfully)
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
        while (true)
        {
            var received = 0;
            try
            {
                received = await client.ReceiveAsync(buffer).ConfigureAwait(false);
            }
            finally
            {
                clientLeft = received == 0;
            }

            if (received == 0)
                break;
            buffer.Received(received);
            if (arrival == 0)
                arrival = clock.GetTimestamp();
            while (buffer.Count > 0)
            {
                ClientStep step;
                int taken;
                var wasMidRequest = midRequest;
                if (isOver && !wasMidRequest)
                {
                    await DiscardAsync().ConfigureAwait(false);
                    return;
                }

                try
                {
                    taken = ReadRequest(buffer.Span, arrival, ref tap, out step);
                }
                catch (ProtocolException e)
                {
                    await RefuseAsync(partlySent: wasMidRequest, e.Message).ConfigureAwait(false);
                    return;
                }

                if (taken == 0)
                    break;
                var bytes = buffer.Memory[step.Skipped..taken];
                if (server is null && !bytes.IsEmpty && !await TryOpenAsync(arrival).ConfigureAwait(false))
                    return;
                var isHeard = true;
                try
                {
                    if (server is { } to)
                        await to.SendAsync(bytes).ConfigureAwait(false);
                }
                catch (Exception e) when (IsDeaf(e))
                {
                    isHeard = false;
                }

                if (!isHeard)
                {
                    await DiscardAsync().ConfigureAwait(false);
                    return;
                }

                if (!step.LocalReply.IsEmpty)
                    await client.SendAsync(step.LocalReply).ConfigureAwait(false);
                tap?.Request(bytes.Span);
                buffer.Take(taken);
                // What is no part of a request, such as a log-in, is not the arrival of the next one.
                arrival = midRequest ? arrival : buffer.Count == 0 ? 0 : clock.GetTimestamp();
                if (goneSince != 0)
                    goneSince = clock.GetTimestamp();
                if (!step.Ends)
                    continue;
                Interlocked.Exchange(ref tap, null)?.RequestEnded();
                if (step.After == AfterRequest.GoOn && !(served.IsLetGo && buffer.Count == 0))
                    continue;
                await AllAnsweredAsync().ConfigureAwait(false);
                if (tunnel)
                {
                    isSending = false;
                    await TunnelAsync(buffer, client, server!).ConfigureAwait(false);
                    return;
                }

                if (step.After == AfterRequest.Last || served.IsLetGo)
                    return;
            }

            Sent(isHeld: buffer.Count > 0);
        }

        ClientHasEnded();
        // The client has nothing more to say but may still listen (RFC 9112 §9.6).
        await AllAnsweredAsync().ConfigureAwait(false);
    }

    private int ReadRequest(Span<byte> bytes, long arrival, ref ITap? tap, out ClientStep step)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            var taken = dialogue.FromClient(bytes, out step);
            isSending |= taken > 0;
            hasAsked |= taken > step.Skipped;
            midRequest = !step.Ends && (midRequest || step.Begins);
            if (!step.Begins)
                return taken;
            // A server may answer without having read the whole request; then the next one ends it.
            Interlocked.Exchange(ref tap, null)?.RequestEnded();
            TapOnce(arrival);
            tap = taps.Begin(dialogue, step, arrival);
            if (!step.IsOneWay)
            {
                arrived++;
                pending.Enqueue(new PendingReply(arrival, tap));
                times?.Open?.Begin(arrival);
            }

            return taken;
        }
    }

    private async Task TunnelAsync(ReadBuffer buffer, LoopSocket from, LoopSocket to)
    {
        while (true)
        {
            var isHeard = true;
            try
            {
                await to.SendAsync(buffer.Memory).ConfigureAwait(false);
            }
            catch (Exception e) when (from == client && IsDeaf(e))
            {
                isHeard = false;
            }

            if (!isHeard)
            {
                await DiscardAsync().ConfigureAwait(false);
                return;
            }

            buffer.Take(buffer.Count);
            if (goneSince != 0)
                goneSince = clock.GetTimestamp();
            var received = await from.ReceiveAsync(buffer).ConfigureAwait(false);
            if (received == 0)
                break;
            buffer.Received(received);
        }

        SideHasEnded();
        to.Shutdown(SocketShutdown.Send);
    }

    /// <summary>The taps hear of the connection when it is first used: then the server gets one, and so does a clone.</summary>
    private void TapOnce(long at)
    {
        if (isTapped)
            return;
        isTapped = true;
        taps.Opened(dialogue, at);
    }
}
