using System.Net.Sockets;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The clone's side of one on-line connection: duplicates in the same order, each when it is due and the one before it is
/// answered. Runs apart from the on-line connection and outlives it until everything is answered.
/// </summary>
internal sealed class ShadowConnection : IAsyncDisposable
{
    private readonly Replay replay;
    private readonly TimeProvider clock;
    private readonly CancellationToken stop;
    private readonly Lock gate = new();
    private readonly Queue<Exchange> waiting = new();
    private readonly Channel<Exchange> due = Channel.CreateUnbounded<Exchange>(
        new() { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = true });

    private readonly Task running;
    private Socket? socket;
    private Dialogue? dialogue;
    private ReadBuffer? buffer;
    private long dropBefore;
    private long held;
    private int backlog;
    private bool completed;

    public ShadowConnection(Replay replay, ShadowSession session, TimeProvider clock, CancellationToken stop)
    {
        this.replay = replay;
        this.clock = clock;
        this.stop = stop;
        Session = session;
        running = RunAsync();
    }

    /// <summary>What the protocol knows of the connection.</summary>
    public ShadowSession Session { get; }

    /// <summary>Everything was answered, and nothing more comes.</summary>
    public bool HasEnded => running.IsCompleted;

    /// <summary>Memory was short: nothing more of this connection is duplicated.</summary>
    public bool IsShed { get; private set; }

    /// <summary>Whether a duplicate that is due waits behind another.</summary>
    public bool IsBehind => Volatile.Read(ref backlog) > 1;

    /// <summary>Bytes of duplicates that wait.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>Bytes were reserved, or given back.</summary>
    public void Hold(long bytes) => Interlocked.Add(ref held, bytes);

    /// <summary>Adds a duplicate; false when the replay has stopped or the connection was shed.</summary>
    public bool TryAdd(Exchange exchange)
    {
        lock (gate)
        {
            if (IsShed || HasEnded || completed)
                return false;
            waiting.Enqueue(exchange);
        }

        replay.Pacer.Add(exchange);
        return true;
    }

    /// <summary>A duplicate is due. Called in the order of due times.</summary>
    public void Due(Exchange exchange)
    {
        Interlocked.Increment(ref backlog);
        if (!due.Writer.TryWrite(exchange))
            exchange.SandboxAnswered(Answer.None(clock.GetTimestamp()));
    }

    /// <summary>The on-line connection has ended: no more duplicates come.</summary>
    public void Complete()
    {
        lock (gate)
        {
            completed = true;
            if (waiting.Count == 0)
                due.Writer.TryComplete();
        }
    }

    /// <summary>Gives up everything that waits: memory is short, and this connection is the oldest.</summary>
    public void Shed()
    {
        lock (gate)
        {
            IsShed = true;
            foreach (var exchange in waiting)
                exchange.Shed();
        }
    }

    /// <summary>Gives up what was due before, and whatever the clone is working on.</summary>
    public void Drop(long dueBefore)
    {
        Interlocked.Exchange(ref dropBefore, dueBefore);
        Volatile.Read(ref socket)?.Dispose();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        due.Writer.TryComplete();
        Volatile.Read(ref socket)?.Dispose();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            while (await due.Reader.WaitToReadAsync(stop).ConfigureAwait(false))
            {
                while (due.Reader.TryRead(out var exchange))
                {
                    if (TryTake(exchange))
                        await RepeatAsync(exchange).ConfigureAwait(false);
                    Interlocked.Decrement(ref backlog);
                    lock (gate)
                    {
                        if (completed && waiting.Count == 0)
                            due.Writer.TryComplete();
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The replay has stopped.
        }
        finally
        {
            Disconnect();
            buffer?.Dispose();
            due.Writer.TryComplete();
            lock (gate)
            {
                completed = true;
                foreach (var left in waiting.Where(left => !left.IsShed))
                    left.SandboxAnswered(Answer.None(clock.GetTimestamp()));
                waiting.Clear();
            }
        }
    }

    /// <summary>Takes a duplicate out of what can be shed; false when it was shed already.</summary>
    private bool TryTake(Exchange exchange)
    {
        lock (gate)
        {
            waiting.Dequeue();
            return !exchange.IsShed;
        }
    }

    private async Task RepeatAsync(Exchange exchange)
    {
        if (exchange.Order != SqlOrder.Any)
            await replay.WriteOrder.TurnAsync(exchange, clock, stop).ConfigureAwait(false);
        replay.CountLateness(clock.GetElapsedTime(exchange.Due, clock.GetTimestamp()));
        var answer = exchange.Due < Interlocked.Read(ref dropBefore)
            ? Answer.None(clock.GetTimestamp())
            : await SendAsync(exchange).ConfigureAwait(false);
        exchange.SandboxAnswered(answer);
    }

    private async Task<Answer> SendAsync(Exchange exchange)
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
                while (!bytes.IsEmpty)
                    bytes = bytes[await socket!.SendAsync(bytes, stop).ConfigureAwait(false)..];
                if (exchange.IsOneWay)
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                if (await ReadReplyAsync(exchange, preceding).ConfigureAwait(false) is { } answer)
                    return answer;
                Disconnect();
                if (!isReused)
                    return Answer.None(clock.GetTimestamp());
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or ProtocolException)
            {
                Disconnect();
                if (e is ProtocolException)
                    replay.Failed(e.Message);
                if (!isReused || exchange.Due < Interlocked.Read(ref dropBefore))
                    return Answer.None(clock.GetTimestamp());
            }

            exchange.SandboxRestarts();
        }
    }

    private async Task ConnectAsync()
    {
        var connecting = new Socket(replay.Sandbox.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Volatile.Write(ref socket, connecting);
        await connecting.ConnectAsync(replay.Sandbox, stop).ConfigureAwait(false);
        dialogue = Session.Open();
        buffer?.Dispose();
        buffer = new ReadBuffer(dialogue.LongestUnit);
        await Session.LogInAsync(connecting, dialogue, stop).ConfigureAwait(false);
    }

    /// <summary>The dialogue hears the request: it must know what was asked to read the reply.</summary>
    private void Tell(ReadOnlySpan<byte> request)
    {
        var heard = request.ToArray();
        for (var at = 0; at < heard.Length;)
            at += dialogue!.FromClient(heard.AsSpan(at), out _) is > 0 and var taken ? taken : throw new ProtocolException("a request without an end");
    }

    /// <summary>Reads a reply to its end; null when the clone closed before.</summary>
    private async Task<Answer?> ReadReplyAsync(Exchange exchange, int preceding)
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
                    await socket!.SendAsync(more, stop).ConfigureAwait(false);
                }

                if (!step.Ends || preceding-- > 0)
                    continue;
                if (step.Closes)
                    Disconnect();
                return new Answer(clock.GetTimestamp(), step.Status, step.IsError);
            }

            var received = await socket!.ReceiveAsync(buffer.Room(), stop).ConfigureAwait(false);
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

    private void Disconnect()
    {
        Interlocked.Exchange(ref socket, null)?.Dispose();
        dialogue = null;
    }
}
