using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Fills a record from an out-proxy's on-line connections, apart from them: an exchange is handed over when both its ends
/// have passed, and is read, hashed and kept on a thread that yields to theirs. What waits for that is bounded in memory; what exceeds
/// it is lost, and counted.
/// </summary>
internal sealed class Recorder : IDisposable
{
    /// <summary>The record keeps what a clone may still ask for: some time shifts, and a little more for a slow one.</summary>
    private const int TimeShiftsKept = 3;

    private const int LongestBuffer = 64 * 1024;
    private const int MostBuffers = 2048;

    private static readonly TimeSpan KeptBeyond = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(1);

    private readonly Record record;
    private readonly IMessageProtocol protocol;
    private readonly ServiceRules rules;
    private readonly Func<RecordUse?> current;
    private readonly TimeProvider clock;
    private readonly WorkThread<RecordingTap> keeping;
    private readonly long memoryLimit;
    private long held;
    private long lost;
    private long handed;
    private long handled;

    /// <summary>Begins to keep.</summary>
    /// <param name="record">Where.</param>
    /// <param name="protocol">What the next tier speaks.</param>
    /// <param name="rules">The service's rules.</param>
    /// <param name="current">What the record is for; null when for nothing.</param>
    /// <param name="memoryLimit">Most bytes of exchanges that pass, or wait to be kept.</param>
    /// <param name="clock">Time.</param>
    public Recorder(
        Record record, IMessageProtocol protocol, ServiceRules rules, Func<RecordUse?> current, long memoryLimit, TimeProvider clock)
    {
        this.memoryLimit = memoryLimit;
        (this.record, this.protocol, this.rules, this.current, this.clock) = (record, protocol, rules, current, clock);
        keeping = new WorkThread<RecordingTap>("recorder", KeepOrLose);
    }

    /// <summary>Exchanges that could not be kept because too much came at once.</summary>
    public long Lost => Interlocked.Read(ref lost);

    /// <summary>
    /// What passes is copied into these. They are taken on one thread and given back on another, many at a time: the shared pool
    /// keeps too few for that.
    /// </summary>
    public ArrayPool<byte> Buffers { get; } = ArrayPool<byte>.Create(LongestBuffer, MostBuffers);

    /// <summary>The time.</summary>
    public long Now => clock.GetTimestamp();

    /// <summary>The taps of a new on-line connection.</summary>
    public IConnectionTaps Open() => new Taps(this, protocol.OpenMatcher(rules));

    /// <summary>Reserves memory for an exchange that passes.</summary>
    public bool TryHold(int bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= memoryLimit)
            return true;
        Interlocked.Add(ref held, -bytes);
        return false;
    }

    /// <summary>Gives memory back.</summary>
    public void LetGo(int bytes) => Interlocked.Add(ref held, -bytes);

    /// <summary>An exchange will not be kept.</summary>
    public void CountLost() => Interlocked.Increment(ref lost);

    /// <summary>An exchange has passed, and is to be kept.</summary>
    public void Ended(RecordingTap tap)
    {
        Interlocked.Increment(ref handed);
        keeping.Add(tap);
    }

    /// <summary>
    /// Waits until all that has passed is on record. The thread that keeps it yields to all others, so that on a busy machine it may be
    /// behind by more than a clone is: whoever asked then would be told of an earlier answer, or of none.
    /// </summary>
    /// <returns>A task that has ended already where nothing is behind; it ends in any case after <see cref="LongestWait"/>.</returns>
    public Task CaughtUpAsync() => Volatile.Read(ref handled) >= Volatile.Read(ref handed) ? Task.CompletedTask : WaitAsync();

    /// <inheritdoc />
    public void Dispose() => keeping.Dispose();

    private async Task WaitAsync()
    {
        var (target, begin) = (Volatile.Read(ref handed), clock.GetTimestamp());
        while (Volatile.Read(ref handled) < target && clock.GetElapsedTime(begin) < LongestWait)
            await Task.Delay(BetweenLooks).ConfigureAwait(false);
    }

    private void KeepOrLose(RecordingTap ended)
    {
        try
        {
            Keep(ended);
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException
            or InvalidOperationException or OverflowException)
        {
            // A message that passed the framing and cannot be read further: it has no record, its reply was relayed all the same.
            CountLost();
        }
        finally
        {
            ended.Release();
            Interlocked.Increment(ref handled);
        }
    }

    private void Keep(RecordingTap ended)
    {
        ended.Matcher.Context = ended.Context;
        if (!ended.IsOneWay && ended.Matcher.PartsOf(ended.RequestBytes, ended.ReplyBytes) is { } parts)
        {
            for (var i = 0; i < parts.Count; i++)
                KeepPart(ended, parts[i], isFirst: i == 0);
            return;
        }

        Keep(ended, ended.RequestBytes, ended.ReplyBytes, ended.Arrival, ended.Answered);
    }

    private void KeepPart(RecordingTap ended, in RecordedPart part, bool isFirst)
    {
        var (from, _) = part.Request.GetOffsetAndLength(ended.RequestBytes.Length);
        var (replyFrom, replyLength) = part.Reply.GetOffsetAndLength(ended.ReplyBytes.Length);
        var arrival = isFirst ? ended.Arrival : ended.Times?.OfRequest(from) ?? ended.Arrival;
        var answered = replyLength == 0 ? arrival : ended.Times?.OfReply(replyFrom + replyLength) ?? ended.Answered;
        Keep(ended, ended.RequestBytes[part.Request], ended.ReplyBytes[part.Reply], arrival, Math.Max(arrival, answered));
    }

    private void Keep(RecordingTap ended, ReadOnlySpan<byte> request, ReadOnlySpan<byte> said, long arrival, long answered)
    {
        var keys = ended.Matcher.KeysOf(request);
        var reply = ended.IsOneWay ? [] : ended.Matcher.Keep(request, said);
        if (keys is not { } found || ended.IsOneWay)
            return;
        if (found.IsLasting)
            record.AddLasting(found, reply, arrival, answered);
        if (current() is not { } use)
            return;
        var oldest = clock.GetTimestamp() - (long)(((use.TimeShift * TimeShiftsKept) + KeptBeyond).TotalSeconds * clock.TimestampFrequency);
        ended.Matcher.Last = record.Add(
            found, reply, ended.Closes, arrival, answered, oldest, ended.Matcher.Last, request);
        if (ended.IsEarly && ended.Matcher.Last?.Held is { } kept)
            kept.IsEarly = true;
    }

    private sealed class Taps(Recorder recorder, Matcher matcher) : IConnectionTaps
    {
        private LogIn? known;

        /// <inheritdoc />
        public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
        {
            // One that only cancels another's request has nothing of a server that a clone could be greeted with.
            if (dialogue.LogIn is not null || recorder.record.Original?.LogIn is null)
                recorder.record.Original = dialogue;
            matcher.Follow(dialogue);
            // Who asks has been let in, and may become somebody else.
            if (dialogue.LogIn is { } logIn && !ReferenceEquals(logIn, known))
            {
                known = logIn;
                recorder.record.LogIns.Add(logIn);
            }

            return step.IsPrivate || (recorder.current() is null && !matcher.Lasts(step.Kind))
                ? null
                : new RecordingTap(recorder, matcher, dialogue.Context, arrival, step.IsOneWay);
        }

        /// <inheritdoc />
        public void Dispose()
        {
        }
    }
}
