using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Pacing;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>
/// The clone's side of one on-line connection: opened and closed a time shift after it, duplicates in the same order, each when
/// it is due and the one before it is answered. Runs apart from the on-line connection and outlives it until everything is
/// answered.
/// </summary>
internal sealed class ShadowConnection(Replay replay, ShadowSession session, TimeProvider clock, CancellationToken stop)
    : IAsyncDisposable
{
    /// <summary>Bytes that a connection holds for itself.</summary>
    public const int Overhead = 2 * 1024;

    /// <summary>Bytes of a request that are put into the clone's words sooner than a thread is changed.</summary>
    private const int LongestOfPacer = 16 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<Exchange> waiting = new();
    private readonly Channel<ScheduledAction> due = Channel.CreateUnbounded<ScheduledAction>(
        new() { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = true });

    private readonly CatchUp catchUp = new(clock.TimestampFrequency);
    private readonly CloneConnection clone = new(replay, session, clock, stop);
    private Task running = Task.CompletedTask;
    private long dropBefore;
    private int backlog;
    private int unanswered;
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

    /// <summary>Begins to wait for duplicates.</summary>
    public void Start() => running = RunAsync();

    /// <summary>Opens the connection at a time, even before there is a duplicate.</summary>
    public void ConnectAt(long at) => replay.Pacer.Add(new ScheduledAction(at, this, null, Ends: false));

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

        replay.Pacer.Add(new ScheduledAction(exchange.Due, this, exchange, Ends: false));
        return true;
    }

    /// <summary>Something is due. Called in the order of due times.</summary>
    public void Due(in ScheduledAction action)
    {
        if (action.Exchange is { } exchange)
            exchange.HadToWait = Interlocked.Increment(ref backlog) > 1;
        // Refused when the connection was shed, or the replay has stopped: the rest is ended by RunAsync.
        due.Writer.TryWrite(action);
    }

    /// <summary>The on-line connection has ended: so does this one, a time shift later.</summary>
    public void Complete() => CompleteAt(replay.DueAt(clock.GetTimestamp()));

    /// <summary>No more duplicates come, and the last of those that wait is due at a time.</summary>
    public void CompleteAt(long lastDue) => replay.Pacer.Add(new ScheduledAction(lastDue, this, null, Ends: true));

    /// <summary>Memory was short for one of its duplicates: without it the rest means nothing. Never waits.</summary>
    public void GiveUp()
    {
        if (isGivenUp || hasEnded)
            return;
        isGivenUp = true;
        replay.Shedder.Wake();
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
        clone.Break();
    }

    /// <summary>Gives up what was due before, and whatever the clone is working on.</summary>
    public void Drop(long dueBefore)
    {
        Interlocked.Exchange(ref dropBefore, dueBefore);
        clone.Break();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        hasEnded = true;
        due.Writer.TryComplete();
        clone.Break();
        await running.ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        try
        {
            // Without a token: a wait with one allocates. Whoever ends this completes the channel.
            while (await due.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                while (due.Reader.TryRead(out var action) && !IsShed && !hasEnded)
                {
                    if (action.Ends)
                        return;
                    if (action.Exchange is { } exchange)
                        await RepeatNextAsync(exchange).ConfigureAwait(false);
                    else if (!clone.IsOpen)
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
        clone.End();
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
        replay.Budget.LetGo(Overhead);
        replay.Shadows.Remove(this);
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
        return wait == 0 || clone.Loop is not { } loop || exchange.Due < Interlocked.Read(ref dropBefore)
            ? Task.CompletedTask
            : loop.DelayAsync(clock.GetElapsedTime(0, Math.Min(wait, clock.TimestampFrequency)));
    }

    /// <summary>Takes a duplicate out of what can be shed; false when it was shed already.</summary>
    /// <exception cref="InvalidOperationException">Another one comes first.</exception>
    internal bool TryTake(Exchange exchange)
    {
        lock (gate)
        {
            return waiting.TryDequeue(out var next)
                && (next == exchange ? true : throw new InvalidOperationException("Duplicates are out of order."));
        }
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
        for (var isReused = clone.IsOpen; ; isReused = false)
        {
            try
            {
                if (!clone.IsOpen)
                    await clone.ConnectAsync().ConfigureAwait(false);
                var bytes = Session.Repeat(exchange, out var preceding);
                clone.Tell(bytes.Span);
                if (!exchange.HadToWait && exchange.Order is SqlOrder.Any)
                    replay.Pacer.CountLateness(clock.GetElapsedTime(exchange.Due, clock.GetTimestamp()));
                await clone.SendAsync(bytes).ConfigureAwait(false);
                if (exchange.IsOneWay)
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                if (await clone.ReadReplyAsync(exchange, preceding).ConfigureAwait(false) is { } answer)
                    return answer;
                clone.Disconnect();
                if (!isReused)
                    return Answer.None(clock.GetTimestamp());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever a clone does to our readers, it has not answered.
                clone.Disconnect();
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
            await clone.ConnectAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The first duplicate tries again.
            clone.Disconnect();
        }
    }
}
