using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Measuring;

namespace JustRunIt.ProxyNode.Relaying;

/// <summary>
/// One client connection and its own connection to the server behind the proxy. Bytes go on as they came, as soon as the
/// framing of the message that they belong to is known to be sound; nothing is sent on of a message that is refused.
/// </summary>
internal sealed class RelayConnection(Socket client, Socket server, IConnectionTaps taps, ResponseTimes? times, TimeProvider clock)
{
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 16 * 1024, minimumReadSize: 2048, leaveOpen: true);

    private readonly PendingReplies pending = new();
    private volatile bool tunnel;

    /// <summary>Connects to the server and relays until either side ends.</summary>
    public static async Task RunAsync(
        Socket client, EndPoint upstream, IConnectionTaps taps, ResponseTimes? times, TimeProvider clock, CancellationToken stop)
    {
        using var server = new Socket(upstream.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (taps)
        {
            try
            {
                await server.ConnectAsync(upstream, stop).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                await RefuseAsync(client, times, stop).ConfigureAwait(false);
                return;
            }

            await new RelayConnection(client, server, taps, times, clock).RelayAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>The server does not listen: said to the client's first request.</summary>
    private static async Task RefuseAsync(Socket client, ResponseTimes? times, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        var buffer = new byte[4096];
        if (await client.ReceiveAsync(buffer, patience.Token).ConfigureAwait(false) == 0)
            return;
        times?.AddError();
        await client.SendAsync(LocalReply.BadGateway, stop).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
    }

    private async Task RelayAsync(CancellationToken stop)
    {
        await using var registration = stop.UnsafeRegister(static state => ((RelayConnection)state!).Disconnect(), this).ConfigureAwait(false);
        var requests = PumpRequestsAsync();
        var replies = PumpRepliesAsync();
        await Task.WhenAny(requests, replies).ConfigureAwait(false);
        if (!tunnel)
            Disconnect();
        await SettleAsync(requests).ConfigureAwait(false);
        await SettleAsync(replies).ConfigureAwait(false);
        Disconnect();
    }

    /// <summary>Either side may vanish at any time: that ends the connection and is nobody's failure here.</summary>
    private async Task SettleAsync(Task pump)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or HttpSyntaxException or OperationCanceledException)
        {
            Disconnect();
        }
    }

    private void Disconnect()
    {
        client.Dispose();
        server.Dispose();
        foreach (var unanswered in pending.Close())
        {
            times?.AddError();
            unanswered.Tap?.Aborted(clock.GetTimestamp());
        }
    }

    private async Task PumpRequestsAsync()
    {
        await using var stream = new NetworkStream(client);
        var reader = PipeReader.Create(stream, ReaderOptions);
        var arrival = 0L;
        var scanner = default(BodyScanner);
        MessageHead? current = null;
        ITap? tap = null;
        while (true)
        {
            var result = await reader.ReadAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            if (arrival == 0 && !buffer.IsEmpty)
                arrival = clock.GetTimestamp();
            while (!buffer.IsEmpty)
            {
                long taken;
                var begins = current is null;
                try
                {
                    buffer = begins ? SkipEmptyLine(buffer) : buffer;
                    if (begins && (buffer.IsEmpty || !TryBegin(buffer, out current, out scanner)))
                        break;
                    taken = begins ? current!.Value.Length : 0;
                    taken += Scan(ref scanner, buffer.Slice(taken));
                }
                catch (HttpSyntaxException)
                {
                    await RefuseRequestAsync(partlySent: !begins).ConfigureAwait(false);
                    return;
                }

                var head = current!.Value;
                if (begins)
                {
                    tap = taps.Begin(head, arrival);
                    pending.Add(new PendingReply(arrival, head.IsHead, head.MaySwitchProtocol, tap));
                }

                var bytes = buffer.Slice(0, taken);
                await SendAsync(server, bytes).ConfigureAwait(false);
                if (tap is not null)
                {
                    foreach (var segment in bytes)
                        tap.Request(segment.Span);
                }

                buffer = buffer.Slice(taken);
                if (!scanner.IsDone)
                    continue;
                tap?.RequestEnded();
                (current, tap, arrival) = (null, null, buffer.IsEmpty ? 0 : clock.GetTimestamp());
                if (head.KeepAlive && !head.MaySwitchProtocol)
                    continue;

                // Nothing that follows may be read as HTTP before the reply has said whether it still is.
                if (await pending.AllAnsweredAsync().ConfigureAwait(false))
                {
                    await TunnelAsync(reader, buffer, server).ConfigureAwait(false);
                    return;
                }

                if (!head.KeepAlive)
                    return;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                // The client has nothing more to say but may still listen (RFC 9112 §9.6).
                if (current is null)
                    await pending.AllAnsweredAsync().ConfigureAwait(false);
                return;
            }
        }
    }

    private async Task PumpRepliesAsync()
    {
        await using var stream = new NetworkStream(server);
        var reader = PipeReader.Create(stream, ReaderOptions);
        var scanner = default(BodyScanner);
        MessageHead? current = null;
        var request = default(PendingReply);
        while (true)
        {
            var result = await reader.ReadAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            while (!buffer.IsEmpty)
            {
                long taken = 0;
                if (current is null)
                {
                    // A reply that nobody asked for ends the connection.
                    if (!HeadParser.TryReadReply(buffer, out var head))
                        break;
                    if (!pending.TryPeek(out request))
                        return;
                    var switches = head.Status == 101 || (request.MaySwitchProtocol && !request.IsHead && head.Status is >= 200 and < 300 && head.Body == BodyKind.UntilClose);
                    taken = head.Length;
                    if (head.IsInterim || switches)
                    {
                        await SendAsync(client, buffer.Slice(0, taken)).ConfigureAwait(false);
                        buffer = buffer.Slice(taken);
                        if (!switches)
                            continue;
                        tunnel = true;
                        Complete(request, head, switchedProtocol: true);
                        await TunnelAsync(reader, buffer, client).ConfigureAwait(false);
                        return;
                    }

                    current = head.ForReplyTo(request.IsHead);
                    scanner = new BodyScanner(current.Value);
                }

                taken += Scan(ref scanner, buffer.Slice(taken));
                var bytes = buffer.Slice(0, taken);
                await SendAsync(client, bytes).ConfigureAwait(false);
                if (request.Tap is { } tap)
                {
                    foreach (var segment in bytes)
                        tap.Reply(segment.Span);
                }

                buffer = buffer.Slice(taken);
                if (!scanner.IsDone)
                    continue;
                var keepAlive = current.Value.KeepAlive;
                Complete(request, current.Value, switchedProtocol: false);
                current = null;
                if (!keepAlive)
                    return;
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (!result.IsCompleted)
                continue;
            if (current is { } untilClose && scanner.EndsWithConnection)
                Complete(request, untilClose, switchedProtocol: false);
            return;
        }
    }

    private void Complete(in PendingReply request, in MessageHead head, bool switchedProtocol)
    {
        var now = clock.GetTimestamp();
        times?.Add(clock.GetElapsedTime(request.Arrival, now), isError: head.Status >= 500);
        request.Tap?.ReplyEnded(head, now);
        pending.Answered(switchedProtocol);
    }

    /// <summary>Answers a request that is refused, once everything before it has been answered.</summary>
    private async Task RefuseRequestAsync(bool partlySent)
    {
        // Part of it has gone to the server already: neither side may go on with this connection.
        if (partlySent || await pending.AllAnsweredAsync().ConfigureAwait(false))
            return;
        await client.SendAsync(LocalReply.BadRequest).ConfigureAwait(false);
        client.Shutdown(SocketShutdown.Send);
        await DrainAsync().ConfigureAwait(false);
    }

    /// <summary>Reads a little of what the client still sends, so that closing does not reset the reply away (RFC 9112 §9.6).</summary>
    private async Task DrainAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var buffer = new byte[4096];
        while (await client.ReceiveAsync(buffer, patience.Token).ConfigureAwait(false) > 0)
        {
        }
    }

    private static async Task TunnelAsync(PipeReader from, ReadOnlySequence<byte> rest, Socket to)
    {
        await SendAsync(to, rest).ConfigureAwait(false);
        from.AdvanceTo(rest.End);
        while (true)
        {
            var result = await from.ReadAsync().ConfigureAwait(false);
            await SendAsync(to, result.Buffer).ConfigureAwait(false);
            from.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private static bool TryBegin(in ReadOnlySequence<byte> buffer, out MessageHead? head, out BodyScanner scanner)
    {
        var complete = HeadParser.TryReadRequest(buffer, out var parsed);
        head = complete ? parsed : null;
        scanner = new BodyScanner(parsed);
        return complete;
    }

    private static ReadOnlySequence<byte> SkipEmptyLine(ReadOnlySequence<byte> buffer)
    {
        // RFC 9112 §2.2: an empty line before the request line is ignored; some clients end a body with one.
        var reader = new SequenceReader<byte>(buffer);
        return reader.IsNext("\r\n"u8, advancePast: true) ? buffer.Slice(reader.Position) : buffer;
    }

    private static long Scan(ref BodyScanner scanner, in ReadOnlySequence<byte> buffer)
    {
        long taken = 0;
        foreach (var segment in buffer)
        {
            if (scanner.IsDone)
                break;
            taken += scanner.Advance(segment.Span);
        }

        return taken;
    }

    private static async ValueTask SendAsync(Socket socket, ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            var rest = segment;
            while (!rest.IsEmpty)
                rest = rest[await socket.SendAsync(rest).ConfigureAwait(false)..];
        }
    }
}
