using System.Net;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The duplication of one tier's traffic to one clone (§2.2.1, DESIGN §5): a shadow connection for each on-line one, every
/// duplicate sent at arrival + time shift, replies timed and dropped. Bounded in memory; what exceeds the bound is shed,
/// oldest connection first.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    private readonly TimeProvider clock;
    private readonly ReplaySettings settings;
    private readonly long shiftTicks;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Lock shedding = new();
    private readonly Queue<Exchange> exchanges = new();
    private readonly List<ShadowConnection> shadows = [];
    private long held;
    private long shed;
    private long keepFrom = long.MaxValue;

    public Replay(ReplaySettings settings, TimeProvider clock)
    {
        this.clock = clock;
        this.settings = settings;
        shiftTicks = Ticks(settings.TimeShift);
        Record = new RecordUse(settings.TimeShift, new MatchCounter());
        StartedAt = clock.GetTimestamp();
        ResponseTimes = new ResponseTimes(ProxyMeter.Durations, [new("side", "sandbox"), .. settings.Tags]);
        Lateness = new ResponseTimes(ProxyMeter.Lateness, [.. settings.Tags]);
        Pacer = new Pacer(clock);
    }

    /// <summary>The clone.</summary>
    public IPEndPoint Sandbox => settings.Sandbox;

    /// <summary>How far the duplicates are behind the on-line requests.</summary>
    public TimeSpan TimeShift => settings.TimeShift;

    /// <summary>Timestamp of the first arrival that is duplicated.</summary>
    public long StartedAt { get; }

    /// <summary>Hands the duplicates over when they are due.</summary>
    public Pacer Pacer { get; }

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

    /// <summary>The order of a database's writes.</summary>
    public WriteOrder WriteOrder { get; } = new();

    /// <summary>Why the clone could not be spoken to, the last time; null when it always could.</summary>
    public string? LastFailure { get; private set; }

    /// <summary>What each side calls the same thing.</summary>
    public Identities Identities { get; } = new();

    /// <summary>When the duplicate of an arrival is due.</summary>
    public long DueAt(long arrival) => settings.Speed == 1
        ? arrival + shiftTicks
        : StartedAt + shiftTicks + (long)((arrival - StartedAt) / settings.Speed);

    /// <summary>A span of time in the clock's ticks.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * clock.TimestampFrequency);

    /// <summary>A shadow of a new on-line connection.</summary>
    public ShadowConnection Open(Dialogue online)
    {
        var session = settings.Protocol.OpenShadow(online, settings.Rules, Identities);
        var shadow = new ShadowConnection(this, session, clock, stop.Token);
        lock (gate)
        {
            shadows.RemoveAll(ended => ended.HasEnded);
            shadows.Add(shadow);
        }

        return shadow;
    }

    /// <summary>An on-line request begins. A request that may change the connection's protocol has no duplicate.</summary>
    public ITap? Begin(ShadowConnection shadow, in ClientStep step, long arrival)
    {
        if (step.IsPrivate)
            return null;
        var exchange = new Exchange(this, shadow, arrival, step.IsOneWay) { Kind = step.Kind };
        if (step.IsOneWay)
            return exchange;
        lock (gate)
        {
            if (keepFrom != long.MaxValue || settings.IsExperiment)
                exchanges.Enqueue(exchange);
            var oldest = Math.Min(keepFrom, clock.GetTimestamp() - (4 * shiftTicks));
            while (exchanges.TryPeek(out var done) && done.IsComplete && done.Arrival < oldest)
                exchanges.Dequeue();
        }

        return exchange;
    }

    /// <summary>Both sides of an exchange have ended.</summary>
    public void Ended(Exchange exchange)
    {
        if (exchange.Sandbox.Status == Answer.NoReply)
            ResponseTimes.AddError();
        else if (!exchange.IsOneWay)
            ResponseTimes.Add(clock.GetElapsedTime(exchange.Due, exchange.Sandbox.EndedAt), exchange.Sandbox.IsError);
        Comparison.Add(exchange);
        exchange.Shadow.Session.Pair(exchange);
    }

    /// <summary>The clone broke the protocol, or refuses the log-in.</summary>
    public void Failed(string reason) => LastFailure = reason;

    /// <summary>A duplicate is sent so much later than it was due.</summary>
    public void CountLateness(TimeSpan late) => Lateness.Add(late, isError: false);

    /// <summary>Everything that arrives from here on is kept, answered or not, until <see cref="Forget"/>.</summary>
    public void KeepFrom(long arrival)
    {
        lock (gate)
            keepFrom = arrival;
    }

    /// <summary>A measurement is over.</summary>
    public void Forget() => KeepFrom(long.MaxValue);

    /// <summary>The exchanges whose duplicates are due within a time.</summary>
    public IReadOnlyList<Exchange> DueBetween(long from, long to)
    {
        lock (gate)
            return [.. exchanges.Where(exchange => exchange.Due >= from && exchange.Due < to)];
    }

    /// <summary>Whether no duplicate that is due waits behind another on its connection: the clone has no backlog.</summary>
    public bool HasCaughtUp()
    {
        lock (gate)
            return !shadows.Exists(shadow => shadow.IsBehind);
    }

    /// <summary>Gives up what was due before: shadow connections begin anew.</summary>
    public void Drop(long dueBefore)
    {
        lock (gate)
            shadows.ForEach(shadow => shadow.Drop(dueBefore));
    }

    /// <summary>Reserves memory for a duplicate, and sheds older connections for it; false when there are none.</summary>
    public bool TryHold(ShadowConnection shadow, int bytes)
    {
        while (Interlocked.Add(ref held, bytes) > settings.MemoryLimitBytes)
        {
            Interlocked.Add(ref held, -bytes);
            if (bytes > settings.MemoryLimitBytes || !ShedOldest(shadow))
                return false;
        }

        shadow.Hold(bytes);
        return true;
    }

    /// <summary>Gives memory back.</summary>
    public void LetGo(ShadowConnection shadow, int bytes)
    {
        Interlocked.Add(ref held, -bytes);
        shadow.Hold(-bytes);
    }

    /// <summary>A duplicate will never be sent.</summary>
    public void CountShed() => Interlocked.Increment(ref shed);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        Pacer.Dispose();
        ShadowConnection[] open;
        lock (gate)
            open = [.. shadows];
        foreach (var shadow in open)
            await shadow.DisposeAsync().ConfigureAwait(false);
    }

    private bool ShedOldest(ShadowConnection asking)
    {
        lock (shedding)
        {
            ShadowConnection? oldest;
            lock (gate)
                oldest = shadows.Find(shadow => !shadow.IsShed && shadow.Held > 0);
            oldest?.Shed();
            return oldest is not null && oldest != asking;
        }
    }
}
