using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Pacing;
using JustRunIt.ProxyNode.Sockets;

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

    /// <summary>Why a clone gets no more connections, where on-line ones need the descriptors.</summary>
    private const string NoDescriptors = "the descriptors that are left are for on-line connections (RLIMIT_NOFILE)";

    private const int NotGivenUp = -1;

    private readonly Lock gate = new();
    private readonly Queue<Exchange> waiting = new();
    private readonly Channel<ScheduledAction> due = Channel.CreateUnbounded<ScheduledAction>(
        new() { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = true });

    private readonly CatchUp catchUp = new(clock.TimestampFrequency);
    private readonly CloneConnection clone = new(replay, session, clock, stop);
    private readonly AnswerWait wait = new(clock, replay.AnswerLimit);
    private Task running = Task.CompletedTask;
    private long dropBefore;
    private int backlog;
    private int unanswered;
    private int givenUp = NotGivenUp;
    private volatile bool hasEnded;

    /// <summary>What the protocol knows of the connection.</summary>
    public ShadowSession Session { get; } = session;

    /// <summary>Nothing more of this connection is duplicated.</summary>
    public bool IsShed { get; private set; }

    /// <summary>A duplicate of this connection was refused: the rest is to be shed.</summary>
    public bool IsGivenUp => Volatile.Read(ref givenUp) != NotGivenUp;

    /// <summary>Why it was given up; of one that was not, that the duplication ended.</summary>
    public GiveUpReason WhyGivenUp => Volatile.Read(ref givenUp) is >= 0 and var why ? (GiveUpReason)why : GiveUpReason.Stopped;

    /// <summary>Whether more duplicates can be added.</summary>
    public bool IsUsable => !IsShed && !IsGivenUp && !hasEnded;

    /// <summary>
    /// Whether what still comes of the on-line connection may be repeated on a new one: when this one was given up for what passes, or
    /// when requests stand for themselves.
    /// </summary>
    public bool MayBeginAnew => !Session.KeepsState || WhyGivenUp is not (GiveUpReason.Stream or GiveUpReason.NotRepeatable);

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

    /// <summary>
    /// One of its duplicates cannot be repeated, and without it the rest means nothing: what waits is given up, and what would still
    /// come. The first reason is the one that is told. Never waits.
    /// </summary>
    /// <param name="why">Why.</param>
    /// <param name="sample">Which, or what the clone said; null where there is nothing to say.</param>
    public void GiveUp(GiveUpReason why, string? sample = null)
    {
        if (hasEnded || Interlocked.CompareExchange(ref givenUp, (int)why, NotGivenUp) != NotGivenUp)
            return;
        if (sample is not null)
            replay.GivenUp.Tell(why, sample);
        replay.Shedder.Wake();
    }

    /// <summary>Gives up what the clone does not answer within the limit, from any thread.</summary>
    public void EndOverdueWait()
    {
        if (!wait.TryEnd(out var waitsForDuplicate))
            return;
        if (waitsForDuplicate && Session.KeepsState)
            GiveUp(GiveUpReason.Overdue);
        clone.Break();
        // A server may not notice that nobody listens any more: it would go on, and keep its locks.
        if (waitsForDuplicate && Session.CancelRequest is { IsEmpty: false } cancel)
            _ = clone.SayApartAsync(cancel);
    }

    /// <summary>Gives its descriptor back to on-line connections, if it has one.</summary>
    public bool TryGiveWay()
    {
        if (IsShed || !clone.IsOpen)
            return false;
        replay.Failed(NoDescriptors);
        GiveUp(GiveUpReason.Descriptors);
        Shed();
        return true;
    }

    /// <summary>Gives up everything that waits, and the connection: because memory is short, if for no other reason.</summary>
    public void Shed()
    {
        Interlocked.CompareExchange(ref givenUp, (int)GiveUpReason.Memory, NotGivenUp);
        lock (gate)
        {
            if (IsShed)
                return;
            IsShed = true;
            foreach (var exchange in waiting)
                exchange.Shed(WhyGivenUp);
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
            exchange.SandboxAnswered(Answer.None(clock.GetTimestamp(), GiveUpReason.Stopped));
        replay.Budget.LetGo(Overhead);
        replay.Shadows.Remove(this);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RepeatNextAsync(Exchange exchange)
    {
        await KeepPaceAsync(exchange).ConfigureAwait(false);
        // Whoever gives up wakes somebody who sheds; until then nothing more may be said.
        if (IsGivenUp && Session.KeepsState)
            Shed();
        else if (!clone.IsOpen && !Descriptors.HasRoomForClones)
        {
            replay.Failed(NoDescriptors);
            GiveUp(GiveUpReason.Descriptors);
        }
        else if (TryTake(exchange))
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
        Answer answer;
        try
        {
            if (exchange.Order != SqlOrder.Any)
                await replay.WriteOrder.TurnAsync(exchange, clock, stop).ConfigureAwait(false);
            if (replay.AppliesRules && (exchange.RequestBytes.Length > LongestOfPacer || MayBeCoded(exchange.RequestBytes.Span)))
                await LeaveThreadAsync();
            answer = exchange.Due < Interlocked.Read(ref dropBefore)
                ? Answer.None(clock.GetTimestamp(), GiveUpReason.Dropped)
                : IsGivenUp && Session.KeepsState ? Answer.None(clock.GetTimestamp(), WhyGivenUp)
                : await SendInTimeAsync(exchange).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The duplication ends: it has been taken out of those that wait, and is told of here.
            exchange.SandboxAnswered(Answer.None(clock.GetTimestamp(), GiveUpReason.Stopped));
            throw;
        }

        if (answer.GivenUp is GiveUpReason.Overdue or GiveUpReason.Diverged)
            replay.TellOf(answer.GivenUp.Value, exchange.RequestBytes.Span);
        // What came after it would mean something else.
        if (answer.GivenUp is { } why and not GiveUpReason.Dropped && exchange.NotSent is null && Session.KeepsState)
            GiveUp(why);
        if (answer.GivenUp is not null)
            Miss(exchange);
        if (replay.AppliesRules)
            await LeaveThreadAsync();
        exchange.SandboxAnswered(answer);
    }

    /// <summary>Goes on apart from the threads that pace duplicates and wait for sockets.</summary>
    private static ConfiguredTaskAwaitable LeaveThreadAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> SendInTimeAsync(Exchange exchange)
    {
        wait.Begin(exchange);
        var answer = await SendAsync(exchange).ConfigureAwait(false);
        return wait.End() && answer.Status == Answer.NoReply ? Answer.None(clock.GetTimestamp(), GiveUpReason.Overdue) : answer;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Answer> SendAsync(Exchange exchange)
    {
        if (Refused(exchange) is { } refused)
            return Unrepeated(exchange, refused);
        // A server may close a connection that idles; like any client, once more on a new one. Not so what may have been executed.
        for (var isReused = clone.IsOpen; ; isReused = false)
        {
            var isSent = false;
            try
            {
                clone.DisconnectIfEnded();
                if (!clone.IsOpen)
                {
                    isReused = false;
                    if (Session.Lost(exchange) is { } lost)
                    {
                        return Unrepeated(
                            exchange, new(GiveUpReason.StateLost, $"with a connection of the clone's went {lost}", EndsSession: true));
                    }

                    await clone.ConnectAsync().ConfigureAwait(false);
                }

                if (Session.LogsInAnew(exchange))
                {
                    await clone.LogInAnewAsync(exchange).ConfigureAwait(false);
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                }

                var bytes = Session.Repeat(exchange, out var preceding);
                if (exchange.NotSent is { } why)
                    return Answer.None(clock.GetTimestamp(), why);
                if (bytes.IsEmpty)
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                clone.Tell(bytes.Span);
                if (!exchange.HadToWait && exchange.Order is SqlOrder.Any)
                    replay.Pacer.CountLateness(clock.GetElapsedTime(exchange.Due, clock.GetTimestamp()));
                isSent = exchange.Order == SqlOrder.Ordered;
                if (exchange.IsOneWay)
                {
                    await clone.SendAsync(bytes).ConfigureAwait(false);
                    return new Answer(clock.GetTimestamp(), 0, IsError: false);
                }

                if (await clone.AskAsync(bytes, exchange, preceding).ConfigureAwait(false) is { } answer
                    && (!Session.IsEnd(answer.Status) || answer.Status == exchange.Online.Status))
                    return answer;
                clone.Disconnect();
                if (!isReused || isSent)
                    return Answer.None(clock.GetTimestamp(), GiveUpReason.Closed);
            }
            catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
            {
                // Whatever a clone does to our readers, it has not answered.
                clone.Disconnect();
                if (e is StateLostException)
                    GiveUp(GiveUpReason.StateLost, e.Message);
                else if (e is not (SocketException or ObjectDisposedException or OperationCanceledException))
                    replay.Failed(e.Message);
                if (e is ProtocolException && Session.LogsInAnew(exchange))
                    return Unrepeated(exchange, new(GiveUpReason.NotRepeatable, $"a log-in anew: {e.Message}", EndsSession: true));
                if (!isReused || isSent || wait.IsOver || IsShed || hasEnded || exchange.Due < Interlocked.Read(ref dropBefore))
                    return Answer.None(clock.GetTimestamp(), WhyOf(e));
            }

            exchange.SandboxRestarts();
        }
    }

    /// <summary>Why a duplicate is not sent; whatever its request does to our readers is a reason too.</summary>
    private Unrepeated? Refused(Exchange exchange)
    {
        try
        {
            return Session.Refuse(exchange);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            replay.Failed(e.Message);
            return new Unrepeated(GiveUpReason.NotRepeatable, e.Message, EndsSession: Session.KeepsState);
        }
    }

    /// <summary>What is known of the clone's side goes on without a duplicate, which is told of in any case.</summary>
    private void Miss(Exchange exchange)
    {
        try
        {
            Session.Missed(exchange);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            replay.Failed(e.Message);
        }
    }

    /// <summary>Whether a request has compressed content, which may be far longer in plain.</summary>
    private static bool MayBeCoded(ReadOnlySpan<byte> request) =>
        WordSearch.Contains(request, "content-encoding"u8, rare: "content".Length);

    /// <summary>A duplicate is not sent.</summary>
    private Answer Unrepeated(Exchange exchange, in Unrepeated what)
    {
        if (what.EndsSession)
        {
            GiveUp(what.Why, what.Sample);
        }
        else
        {
            exchange.NotSent = what.Why;
            replay.GivenUp.Tell(what.Why, what.Sample);
        }

        return Answer.None(clock.GetTimestamp(), what.Why);
    }

    private static GiveUpReason WhyOf(Exception e) => e switch
    {
        LogInRefusedException => GiveUpReason.LogIn,
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown } => GiveUpReason.Closed,
        SocketException => GiveUpReason.Unreachable,
        ObjectDisposedException => GiveUpReason.Closed,
        OperationCanceledException => GiveUpReason.Dropped,
        StateLostException => GiveUpReason.StateLost,
        _ => GiveUpReason.Protocol,
    };

    private async Task ConnectEarlyAsync()
    {
        try
        {
            wait.Begin(exchange: null);
            if (Descriptors.HasRoomForClones)
                await clone.ConnectAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            // The first duplicate tries again.
            clone.Disconnect();
        }
        finally
        {
            wait.End();
        }
    }
}
