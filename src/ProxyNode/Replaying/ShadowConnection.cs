using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The clone's side of one on-line connection: opened and closed a time shift after it, duplicates in the same order, each when
/// it is due and the one before it is answered. Runs apart from the on-line connection and outlives it until everything is
/// answered.
/// </summary>
internal sealed class ShadowConnection(Replay replay, ShadowSession session, TimeProvider clock, CancellationToken stop) : IAsyncDisposable
{
    /// <summary>Bytes that a connection holds for itself.</summary>
    public const int Overhead = 2 * 1024;

    /// <summary>Bytes of a request that are put into the clone's words sooner than a thread is changed.</summary>
    private const int LongestOfPacer = 16 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<Exchange> waiting = new();
    private readonly Channel<Duty> due = Channel.CreateUnbounded<Duty>(
        new() { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = true });

    private readonly CatchUp catchUp = new(clock.TimestampFrequency);
    private Task running = Task.CompletedTask;
    private CancellationTokenSource? connecting;
    private LoopSocket? socket;
    private Dialogue? dialogue;
    private ReadBuffer? buffer;
    private long dropBefore;
    private long held;
    private int backlog;
    private int unanswered;
    private int own = Overhead;
    private volatile bool isGivenUp;
    private volatile bool hasEnded;

    /// <summary>What the protocol knows of the connection.</summary>
    public ShadowSession Session { get; } = session;

    /// <summary>Memory was short: nothing more of this connection is duplicated.</summary>
    public bool IsShed { get; private set; }

    /// <summary>A duplicate of this connection was refused: the rest is to be shed.</summary>
    public bool IsGivenUp => isGivenUp;

    /// <summary>Whether more duplicates can be added.</summary>
    public bool IsUsable => !IsShed && !isGivenUp && !hasEnded;

    /// <summary>Whether a duplicate that is due waits behind another.</summary>
    public bool IsBehind => Volatile.Read(ref backlog) > 1;

    /// <summary>Whether every duplicate was answered.</summary>
    public bool IsIdle => Volatile.Read(ref unanswered) == 0;

    /// <summary>Bytes of duplicates that wait or are kept.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>Begins to wait for duplicates.</summary>
    public void Start() => running = RunAsync();

    /// <summary>Bytes were reserved, or given back.</summary>
    public void Hold(long bytes) => Interlocked.Add(ref held, bytes);

    /// <summary>Opens the connection at a time, even before there is a duplicate.</summary>
    public void ConnectAt(long at) => replay.AddDuty(new Duty(at, this, null, Ends: false));

    /// <summary>Adds a duplicate; false when the replay has stopped or the connection was shed.</summary>
    public bool TryAdd(Exchange exchange)
    {
        lock (gate)
        {
            if (!IsUsable)
                return false;
            waiting.Enqueue(exchange);
            unanswered++;
        }

        replay.AddDuty(new Duty(exchange.Due, this, exchange, Ends: false));
        return true;
    }

    /// <summary>Something is due. Called in the order of due times.</summary>
    public void Due(in Duty duty)
    {
        if (duty.Exchange is { } exchange)
            exchange.HadToWait = Interlocked.Increment(ref backlog) > 1;
        // Refused when the connection was shed, or the replay has stopped: the rest is ended by RunAsync.
        due.Writer.TryWrite(duty);
    }

    /// <summary>The on-line connection has ended: so does this one, a time shift later.</summary>
    public void Complete() => CompleteAt(replay.DueAt(clock.GetTimestamp()));

    /// <summary>No more duplicates come, and the last of those that wait is due at a time.</summary>
    public void CompleteAt(long lastDue) => replay.AddDuty(new Duty(lastDue, this, null, Ends: true));

    /// <summary>Memory was short for one of its duplicates: without it the rest means nothing. Never waits.</summary>
    public void GiveUp()
    {
        if (isGivenUp || hasEnded)
            return;
        isGivenUp = true;
        replay.WakeShedder();
    }

    /// <summary>Gives up everything that waits, and the connection.</summary>
    public void Shed()
    {
        lock (gate)
        {
            if (IsShed)
                return;
            IsShed = true;
            foreach (var exchange in waiting)
                exchange.Shed();
            waiting.Clear();
        }

        due.Writer.TryComplete();
        Break();
    }

    /// <summary>Gives up what was due before, and whatever the clone is working on.</summary>
    public void Drop(long dueBefore)
    {
        Interlocked.Exchange(ref dropBefore, dueBefore);
        Break();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        hasEnded = true;
        due.Writer.TryComplete();
        Break();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            // Without a token: a wait with one allocates. Whoever ends this completes the channel.
            while (await due.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (due.Reader.TryRead(out var duty) && !IsShed && !hasEnded)
                {
                    if (duty.Ends)
                        return;
                    if (duty.Exchange is { } exchange)
                        await RepeatNextAsync(exchange).ConfigureAwait(false);
                    else if (socket is null)
                        await ConnectEarlyAsync().ConfigureAwait(false);
                }

                if (IsShed || hasEnded)
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            // The replay has stopped.
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        Disconnect();
        buffer?.Dispose();
        due.Writer.TryComplete();
        Exchange[] left;
        lock (gate)
        {
            hasEnded = true;
            left = [.. waiting];
            waiting.Clear();
        }

        foreach (var exchange in left)
            exchange.SandboxAnswered(Answer.None(clock.GetTimestamp()));
        replay.LetGo(Interlocked.Exchange(ref own, 0));
        replay.Closed(this);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RepeatNextAsync(Exchange exchange)
    {
        await KeepPaceAsync(exchange).ConfigureAwait(false);
        if (TryTake(exchange))
        {
            await RepeatAsync(exchange).ConfigureAwait(false);
            Interlocked.Decrement(ref unanswered);
        }

        Interlocked.Decrement(ref backlog);
    }

    /// <summary>Holds a duplicate back while the clone catches up; it can still be shed meanwhile.</summary>
    private Task KeepPaceAsync(Exchange exchange)
    {
        var wait = catchUp.Wait(exchange.Due, clock.GetTimestamp());
        return wait == 0 || socket is not { } open || exchange.Due < Interlocked.Read(ref dropBefore)
            ? Task.CompletedTask
            : open.Loop.DelayAsync(clock.GetElapsedTime(0, Math.Min(wait, clock.TimestampFrequency)));
    }

    /// <summary>Takes a duplicate out of what can be shed; false when it was shed already.</summary>
    private bool TryTake(Exchange exchange)
    {
        lock (gate)
            return waiting.TryDequeue(out var next) && (next == exchange ? true : throw new InvalidOperationException("Duplicates are out of order."));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RepeatAsync(Exchange exchange)
    {
        if (exchange.Order != SqlOrder.Any)
            await replay.WriteOrder.TurnAsync(exchange, clock, stop).ConfigureAwait(false);
        if (replay.AppliesRules && exchange.RequestBytes.Length > LongestOfPacer)
            await LeaveThreadAsync();
        var answer = exchange.Due < Interlocked.Read(ref dropBefore)
            ? Answer.None(clock.GetTimestamp())
            : await SendAsync(exchange).ConfigureAwait(false);
        if (replay.AppliesRules)
            await LeaveThreadAsync();
        exchange.SandboxAnswered(answer);
    }

    /// <summary>Goes on apart from the threads that pace duplicates and wait for sockets.</summary>
    private static ConfiguredTaskAwaitable LeaveThreadAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> SendAsync(Exchange exchange)
    {
        // A server may close a connection that idles; like any client, once more on a new one.
        for (var isReused = socket is not null; ; isReused = false)
        {
            try
            {
                if (socket is null)
                    await ConnectAsync().ConfigureAwait(false);
                var bytes = Session.Repeat(exchange, out var preceding);
                Tell(bytes.Span);
                if (!exchange.HadToWait && exchange.Order is SqlOrder.Any)
                    replay.CountLateness(clock.GetElapsedTime(exchange.Due, clock.GetTimestamp()));
                await socket!.SendAsync(bytes).ConfigureAwait(false);
                if (exchange.IsOneWay)
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                if (await ReadReplyAsync(exchange, preceding).ConfigureAwait(false) is { } answer)
                    return answer;
                Disconnect();
                if (!isReused)
                    return Answer.None(clock.GetTimestamp());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever a clone does to our readers, it has not answered.
                Disconnect();
                if (e is not (SocketException or ObjectDisposedException))
                    replay.Failed(e.Message);
                if (!isReused || IsShed || hasEnded || exchange.Due < Interlocked.Read(ref dropBefore))
                    return Answer.None(clock.GetTimestamp());
            }

            exchange.SandboxRestarts();
        }
    }

    private async Task ConnectEarlyAsync()
    {
        try
        {
            await ConnectAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The first duplicate tries again.
            Disconnect();
        }
    }

    private async Task ConnectAsync()
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Volatile.Write(ref connecting, attempt);
        LoopSocket connected;
        try
        {
            connected = await ServerSocket.ConnectAsync(replay.Sandbox, EventLoop.NextOfClones(), attempt.Token).ConfigureAwait(false);
            Volatile.Write(ref socket, connected);
        }
        finally
        {
            Volatile.Write(ref connecting, null);
        }

        // Whoever broke it off meanwhile may have seen no socket to close.
        if (attempt.IsCancellationRequested)
            connected.Dispose();
        dialogue = Session.Open();
        if (buffer is null)
        {
            own += ReadBuffer.FirstSize;
            replay.Hold(ReadBuffer.FirstSize);
        }

        buffer?.Dispose();
        buffer = new ReadBuffer(dialogue.LongestUnit);
        await Session.LogInAsync(connected, dialogue).ConfigureAwait(false);
    }

    /// <summary>The dialogue hears the request: it must know what was asked to read the reply.</summary>
    private void Tell(ReadOnlySpan<byte> request)
    {
        var heard = ArrayPool<byte>.Shared.Rent(request.Length);
        try
        {
            request.CopyTo(heard);
            for (var at = 0; at < request.Length;)
                at += dialogue!.FromClient(heard.AsSpan(at, request.Length - at), out _) is > 0 and var taken ? taken : throw new ProtocolException("a request without an end");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(heard);
        }
    }

    /// <summary>Reads a reply to its end; null when the clone closed before.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer?> ReadReplyAsync(Exchange exchange, int preceding)
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
                var more = Session.Answer(buffer.Span[..taken]);
                buffer.Take(taken);
                if (!more.IsEmpty)
                {
                    Tell(more.Span);
                    await socket!.SendAsync(more).ConfigureAwait(false);
                }

                if (!step.Ends || preceding-- > 0)
                    continue;
                if (step.Closes)
                    Disconnect();
                return new Answer(clock.GetTimestamp(), step.Status, step.IsError);
            }

            var received = await socket!.ReceiveAsync(buffer.Room()).ConfigureAwait(false);
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

    /// <summary>Ends whatever the connection waits for, from any thread.</summary>
    private void Break()
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

    private void Disconnect()
    {
        Interlocked.Exchange(ref socket, null)?.Dispose();
        dialogue = null;
    }
}
