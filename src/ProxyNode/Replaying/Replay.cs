using System.Collections.Concurrent;
using System.Net;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Threads;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The duplication of one tier's traffic to one clone (§2.2.1, DESIGN §5): a shadow connection for each on-line one, every
/// duplicate sent at arrival + time shift, replies timed and dropped. Bounded in memory; what exceeds the bound is shed,
/// oldest connection first. No on-line thread waits here for a lock that is held longer than a few instructions take.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    /// <summary>Exchanges that wait to be used again.</summary>
    private const int MostSpare = 4096;

    private readonly TimeProvider clock;
    private readonly ReplaySettings settings;
    private readonly long shiftTicks;
    private readonly CancellationTokenSource stop = new();
    private readonly ShadowRoll shadows = new();
    private readonly ConcurrentQueue<Exchange> spare = new();
    private readonly ConcurrentQueue<Exchange> kept = new();
    private readonly Lock trimming = new();
    private readonly DeadlineThread<Duty> pacer;
    private int spareCount;
    private int isShedding;
    private long held;
    private long shed;
    private long refusedWhileKeeping;
    private long keepFrom = long.MaxValue;
    private long keepTo = long.MaxValue;

    public Replay(ReplaySettings settings, TimeProvider clock)
    {
        this.clock = clock;
        this.settings = settings;
        shiftTicks = Ticks(settings.TimeShift);
        Record = new RecordUse(settings.TimeShift, new MatchCounter());
        StartedAt = clock.GetTimestamp();
        ResponseTimes = new ResponseTimes(ProxyMeter.Durations, [new("side", "sandbox"), .. settings.Tags]);
        Lateness = new ResponseTimes(ProxyMeter.Lateness, [.. settings.Tags]);
        pacer = new DeadlineThread<Duty>("pacer", clock, duty => duty.Shadow.Due(duty));
        AppliesRules = settings.Rules.ReplyWildcards.Count > 0 || settings.Rules.Identities.Count > 0;
    }

    /// <summary>The clone.</summary>
    public IPEndPoint Sandbox => settings.Sandbox;

    /// <summary>How far the duplicates are behind the on-line requests.</summary>
    public TimeSpan TimeShift => settings.TimeShift;

    /// <summary>Timestamp of the first arrival that is duplicated.</summary>
    public long StartedAt { get; }

    /// <summary>How the out-proxies answered the clone.</summary>
    public MatchCounter Matches => Record.Matches;

    /// <summary>What the out-proxies' record is for.</summary>
    public RecordUse Record { get; }

    /// <summary>How far the clone's replies are the original's.</summary>
    public Comparison Comparison { get; } = new();

    /// <summary>Response times of the clone since the start, from when each duplicate was due.</summary>
    public ResponseTimes ResponseTimes { get; }

    /// <summary>How much later than due the duplicates were sent that had to wait for no other.</summary>
    public ResponseTimes Lateness { get; }

    /// <summary>Duplicates that were never sent.</summary>
    public long ShedCount => Interlocked.Read(ref shed);

    /// <summary>Bytes held for duplicates, their connections and what is kept of them.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>Whether a connection that was shed may begin anew.</summary>
    public bool HasRoom => Held < settings.MemoryLimitBytes / 2;

    /// <summary>The clone's connections are opened a time shift after the on-line ones, not with their first request.</summary>
    public bool ConnectsAtOnce => !settings.Protocol.LogsIn;

    /// <summary>Patterns are searched for in replies: too much for a thread on which others wait.</summary>
    public bool AppliesRules { get; }

    /// <summary>The order of a database's writes.</summary>
    public WriteOrder WriteOrder { get; } = new();

    /// <summary>Why the clone could not be spoken to, the last time; null when it always could.</summary>
    public string? LastFailure { get; private set; }

    /// <summary>What each side calls the same thing.</summary>
    public Identities Identities { get; } = new();

    /// <summary>When the duplicate of an arrival is due.</summary>
    public long DueAt(long arrival) => arrival + shiftTicks;

    /// <summary>A span of time in the clock's ticks.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * clock.TimestampFrequency);

    /// <summary>A shadow of a new on-line connection.</summary>
    public ShadowConnection Open(Dialogue online)
    {
        var session = settings.Protocol.OpenShadow(online, settings.Rules, Identities);
        var shadow = new ShadowConnection(this, session, clock, stop.Token);
        Hold(ShadowConnection.Overhead);
        shadows.Add(shadow);
        shadow.Start();
        return shadow;
    }

    /// <summary>A shadow has ended.</summary>
    public void Closed(ShadowConnection shadow) => shadows.Remove(shadow);

    /// <summary>
    /// An on-line request begins. A request that may change the connection's protocol has no duplicate, nor has one for which
    /// there is no memory.
    /// </summary>
    public ITap? Begin(ShadowConnection shadow, in ClientStep step, long arrival)
    {
        if (step.IsPrivate)
            return null;
        if (!shadow.IsUsable || !TryHold(shadow, Exchange.Overhead))
        {
            shadow.GiveUp();
            CountShed();
            if (arrival >= Interlocked.Read(ref keepFrom) && arrival < Interlocked.Read(ref keepTo))
                Interlocked.Increment(ref refusedWhileKeeping);
            return null;
        }

        var isKept = !step.IsOneWay && (settings.IsExperiment || Interlocked.Read(ref keepFrom) != long.MaxValue);
        if (spare.TryDequeue(out var exchange))
            Interlocked.Decrement(ref spareCount);
        else
            exchange = new Exchange(this);
        exchange.Begin(shadow, step, arrival, isKept);
        if (isKept)
            kept.Enqueue(exchange);
        return exchange;
    }

    /// <summary>Both sides of an exchange have ended.</summary>
    public void Ended(Exchange exchange)
    {
        if (exchange.Sandbox.Status == Answer.NoReply)
            ResponseTimes.AddError();
        else
            ResponseTimes.Add(clock.GetElapsedTime(exchange.Due, exchange.Sandbox.EndedAt), exchange.Sandbox.IsError);
        if (exchange.Online.Status != Answer.NoReply && exchange.Sandbox.Status != Answer.NoReply)
            Compare(exchange);
        Trim();
    }

    private void Compare(Exchange exchange)
    {
        try
        {
            if (exchange.IsComparable)
                Comparison.Add(exchange);
            exchange.Shadow.Session.Pair(exchange);
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or FormatException or IndexOutOfRangeException or InvalidOperationException)
        {
            // A clone may say anything: what cannot be read teaches nothing.
        }
    }

    /// <summary>An exchange may be used again.</summary>
    public void GiveBack(Exchange exchange)
    {
        if (Interlocked.Increment(ref spareCount) <= MostSpare)
            spare.Enqueue(exchange);
        else
            Interlocked.Decrement(ref spareCount);
    }

    /// <summary>The clone broke the protocol, or refuses the log-in.</summary>
    public void Failed(string reason) => LastFailure = reason;

    /// <summary>A duplicate is sent so much later than it was due.</summary>
    public void CountLateness(TimeSpan late) => Lateness.Add(late, isError: false);

    /// <summary>Everything that arrives in a time is kept, answered or not, until <see cref="Forget"/>.</summary>
    public void Keep(long from, long to)
    {
        Interlocked.Exchange(ref refusedWhileKeeping, 0);
        Interlocked.Exchange(ref keepTo, to);
        Interlocked.Exchange(ref keepFrom, from);
    }

    /// <summary>A measurement is over.</summary>
    public void Forget() => Keep(long.MaxValue, long.MaxValue);

    /// <summary>The exchanges that are kept, of arrivals in the time that was asked for.</summary>
    /// <param name="refused">How many more there would be if there had been memory for them.</param>
    public IReadOnlyList<Exchange> Kept(out long refused)
    {
        var (from, to) = (Interlocked.Read(ref keepFrom), Interlocked.Read(ref keepTo));
        refused = Interlocked.Read(ref refusedWhileKeeping);
        return [.. kept.Where(exchange => !exchange.IsAbandoned && exchange.Arrival >= from && exchange.Arrival < to)];
    }

    /// <summary>Whether no duplicate that is due waits behind another on its connection: the clone has no backlog.</summary>
    public bool HasCaughtUp() => !shadows.Read().Any(shadow => shadow.IsBehind);

    /// <summary>Gives up what was due before: shadow connections begin anew.</summary>
    public void Drop(long dueBefore)
    {
        foreach (var shadow in shadows.Read())
            shadow.Drop(dueBefore);
    }

    /// <summary>Reserves memory for a duplicate; false when there is none. Near the bound older connections are shed meanwhile.</summary>
    public bool TryHold(ShadowConnection shadow, int bytes)
    {
        var all = Interlocked.Add(ref held, bytes);
        if (all > settings.MemoryLimitBytes / 8 * 7)
            WakeShedder();
        if (all > settings.MemoryLimitBytes)
        {
            Interlocked.Add(ref held, -bytes);
            return false;
        }

        shadow.Hold(bytes);
        return true;
    }

    /// <summary>Counts memory that a connection takes for itself.</summary>
    public void Hold(int bytes)
    {
        if (Interlocked.Add(ref held, bytes) > settings.MemoryLimitBytes / 8 * 7)
            WakeShedder();
    }

    /// <summary>Gives memory of a connection itself back.</summary>
    public void LetGo(int bytes) => Interlocked.Add(ref held, -bytes);

    /// <summary>Gives memory of a duplicate back.</summary>
    public void LetGo(ShadowConnection shadow, int bytes)
    {
        Interlocked.Add(ref held, -bytes);
        shadow.Hold(-bytes);
    }

    /// <summary>A duplicate will never be sent.</summary>
    public void CountShed() => Interlocked.Increment(ref shed);

    /// <summary>Hands something over to its connection when it is due.</summary>
    public void AddDuty(in Duty duty) => pacer.Add(duty, duty.Due);

    /// <summary>Sheds connections, oldest first, on a thread on which nobody waits.</summary>
    public void WakeShedder()
    {
        if (Interlocked.CompareExchange(ref isShedding, 1, 0) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static replay => replay.ShedOldest(), this, preferLocal: false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        pacer.Dispose();
        foreach (var shadow in shadows.Read())
            await shadow.DisposeAsync().ConfigureAwait(false);
    }

    private void ShedOldest()
    {
        Interlocked.Exchange(ref isShedding, 0);
        Trim();
        foreach (var shadow in shadows.Read())
        {
            if (shadow.IsGivenUp || (Held > settings.MemoryLimitBytes / 4 * 3 && !shadow.IsIdle))
                shadow.Shed();
        }
    }

    /// <summary>Lets go of what no measurement that begins now can ask for. One thread at a time.</summary>
    private void Trim()
    {
        if (kept.IsEmpty || !trimming.TryEnter())
            return;
        try
        {
            var oldest = Math.Min(Interlocked.Read(ref keepFrom), clock.GetTimestamp() - (2 * shiftTicks));
            while (kept.TryPeek(out var done) && done.IsComplete && done.Arrival < oldest && kept.TryDequeue(out _))
                done.Leave();
        }
        finally
        {
            trimming.Exit();
        }
    }
}
