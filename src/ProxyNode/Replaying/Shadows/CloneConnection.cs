using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>
/// What a shadow connection says to the clone and hears of it: opened when there is something to say, and again after it broke. One
/// thread at a time, but for <see cref="Break"/>.
/// </summary>
internal sealed class CloneConnection(Replay replay, ShadowSession session, TimeProvider clock, CancellationToken stop)
{
    private CancellationTokenSource? connecting;
    private LoopSocket? socket;
    private Dialogue? dialogue;
    private ReadBuffer? buffer;

    /// <summary>The loop that it is on; null while it is not open.</summary>
    public EventLoop? Loop => socket?.Loop;

    /// <summary>Whether it is open, as far as is known.</summary>
    public bool IsOpen => socket is not null;

    /// <summary>Bytes that it holds for itself.</summary>
    public int Held { get; private set; }

    /// <summary>Opens it, and makes it ready for requests.</summary>
    /// <exception cref="OperationCanceledException">The replay has stopped, or somebody broke it off.</exception>
    public async Task ConnectAsync()
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Volatile.Write(ref connecting, attempt);
        LoopSocket connected;
        try
        {
            connected = await ServerSocket.ConnectAsync(replay.Sandbox, EventLoop.NextOfClones(), attempt.Token).ConfigureAwait(false);
            Volatile.Write(ref socket, connected);
        }
        catch (SocketException e)
        {
            var reason = $"{replay.Sandbox} cannot be connected to: {e.Message}";
            replay.Failed(reason);
            replay.GivenUp.Tell(GiveUpReason.Unreachable, reason);
            throw;
        }
        finally
        {
            Volatile.Write(ref connecting, null);
        }

        // Whoever broke it off meanwhile may have seen no socket to close.
        if (attempt.IsCancellationRequested)
            connected.Dispose();
        dialogue = session.Open();
        if (buffer is null)
        {
            Held = ReadBuffer.FirstSize;
            replay.Budget.Hold(ReadBuffer.FirstSize);
        }

        buffer?.Dispose();
        buffer = new ReadBuffer(dialogue.LongestUnit);
        await session.LogInAsync(connected, dialogue).ConfigureAwait(false);
    }

    /// <summary>Closes it where the clone has done so already: whatever is said next is then said on a new one.</summary>
    public void DisconnectIfEnded()
    {
        if (socket is { HasPeerEnded: true })
            Disconnect();
    }

    /// <summary>Repeats a log-in anew, which is a dialogue of its own.</summary>
    /// <exception cref="ProtocolException">The clone refuses.</exception>
    public Task LogInAnewAsync(Exchange exchange) => session.LogInAnewAsync(socket!, exchange);

    /// <summary>The dialogue hears a request that is sent next: it must know what was asked to read the reply.</summary>
    public void Tell(ReadOnlySpan<byte> request)
    {
        var heard = ArrayPool<byte>.Shared.Rent(request.Length);
        try
        {
            request.CopyTo(heard);
            for (var at = 0; at < request.Length;)
            {
                var taken = dialogue!.FromClient(heard.AsSpan(at, request.Length - at), out _);
                at += taken > 0 ? taken : throw new ProtocolException("a request without an end");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(heard);
        }
    }

    /// <summary>Sends bytes.</summary>
    public ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes) => bytes.IsEmpty ? default : socket!.SendAsync(bytes);

    /// <summary>Says something on a connection of its own, which the clone closes; what comes of that is not known.</summary>
    public async Task SayApartAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stop);
            attempt.CancelAfter(replay.AnswerLimit);
            using var apart =
                await ServerSocket.ConnectAsync(replay.Sandbox, EventLoop.NextOfClones(), attempt.Token).ConfigureAwait(false);
            await using var registration = apart.CloseOn(attempt.Token).ConfigureAwait(false);
            await apart.SendAsync(bytes).ConfigureAwait(false);
            while (await apart.ReceiveAsync(new byte[1]).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The clone is as it is.
        }
    }

    /// <summary>
    /// Sends a request and reads its reply, which may begin before the request's end: a clone that is not listened to meanwhile may listen
    /// no more itself. Null when the clone closed before the reply's end.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="exchange">Hears the reply.</param>
    /// <param name="preceding">How many replies come before it.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer?> AskAsync(ReadOnlyMemory<byte> request, Exchange exchange, int preceding)
    {
        var sent = socket!.SendAsync(request);
        if (sent.IsCompletedSuccessfully)
        {
            sent.GetAwaiter().GetResult();
            return await ReadReplyAsync(exchange, preceding).ConfigureAwait(false);
        }

        var sending = sent.AsTask();
        var answer = await ReadReplyAsync(exchange, preceding).ConfigureAwait(false);
        // A clone that answers early may still have to hear the rest, where what comes after depends on it.
        if (IsOpen && answer is not null && session.KeepsState)
            await sending.ConfigureAwait(false);
        else if (!sending.IsCompletedSuccessfully)
            Disconnect();
        return answer;
    }

    /// <summary>Reads a reply to its end; null when the clone closed before.</summary>
    /// <param name="exchange">Hears the reply.</param>
    /// <param name="preceding">How many replies come before it.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Answer?> ReadReplyAsync(Exchange exchange, int preceding)
    {
        while (true)
        {
            while (buffer!.Count > 0)
            {
                var taken = dialogue!.FromServer(buffer.Span, out var step);
                if (taken == 0)
                    break;
                if (step.IsReply && preceding == 0)
                    exchange.SandboxReplies(buffer.Span[..taken], step.HeadLength);
                var more = session.Answer(buffer.Span[..taken]);
                buffer.Take(taken);
                if (!more.IsEmpty)
                {
                    Tell(more.Span);
                    await socket!.SendAsync(more).ConfigureAwait(false);
                }

                if (!step.Ends || preceding-- > 0)
                    continue;
                // What comes after a reply that changes the protocol is nobody's.
                if (step.Closes || step.Tunnels || step.BecomesStream)
                    Disconnect();
                return new Answer(clock.GetTimestamp(), step.Status, step.IsError);
            }

            var received = await socket!.ReceiveAsync(buffer).ConfigureAwait(false);
            if (received > 0)
            {
                buffer.Received(received);
                continue;
            }

            if (!dialogue!.ServerEnded(out var last))
                return null;
            Disconnect();
            return new Answer(clock.GetTimestamp(), last.Status, last.IsError);
        }
    }

    /// <summary>Ends whatever it waits for, from any thread.</summary>
    public void Break()
    {
        try
        {
            Volatile.Read(ref connecting)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has come about, or has failed.
        }

        Volatile.Read(ref socket)?.Dispose();
    }

    /// <summary>Closes it; it can be opened again.</summary>
    public void Disconnect()
    {
        Interlocked.Exchange(ref socket, null)?.Dispose();
        dialogue = null;
    }

    /// <summary>Closes it for good; what it held is given back.</summary>
    public void End()
    {
        Disconnect();
        buffer?.Dispose();
        replay.Budget.LetGo(Held);
        Held = 0;
    }
}
