using System.Net;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// The duplication of one tier's traffic to one clone (§2.2.1, DESIGN §5): a shadow connection for each on-line one, every
/// duplicate sent at arrival + time shift, replies timed and dropped. Bounded in memory; what exceeds the bound is shed.
/// </summary>
internal sealed class Replay : IAsyncDisposable
{
    private readonly TimeProvider clock;
    private readonly long memoryLimit;
    private readonly long shiftTicks;
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly Queue<Exchange> exchanges = new();
    private readonly List<ShadowConnection> shadows = [];
    private long held;
    private long shed;
    private long keepFrom = long.MaxValue;

    public Replay(IPEndPoint sandbox, TimeSpan timeShift, long memoryLimit, TimeProvider clock)
    {
        this.clock = clock;
        this.memoryLimit = memoryLimit;
        Sandbox = sandbox;
        TimeShift = timeShift;
        shiftTicks = Ticks(timeShift);
        StartedAt = clock.GetTimestamp();
    }

    /// <summary>The clone.</summary>
    public IPEndPoint Sandbox { get; }

    /// <summary>How far the duplicates are behind the on-line requests.</summary>
    public TimeSpan TimeShift { get; }

    /// <summary>Timestamp of the first arrival that is duplicated.</summary>
    public long StartedAt { get; }

    /// <summary>How the out-proxies answered the clone.</summary>
    public MatchCounter Matches { get; } = new();

    /// <summary>Duplicates that were never sent.</summary>
    public long ShedCount => Interlocked.Read(ref shed);

    /// <summary>When the duplicate of an arrival is due.</summary>
    public long DueAt(long arrival) => arrival + shiftTicks;

    /// <summary>A span of time in the clock's ticks.</summary>
    public long Ticks(TimeSpan span) => (long)(span.TotalSeconds * clock.TimestampFrequency);

    /// <summary>A shadow of a new on-line connection.</summary>
    public ShadowConnection Open()
    {
        var shadow = new ShadowConnection(this, clock, stop.Token);
        lock (gate)
        {
            shadows.RemoveAll(ended => ended.HasEnded);
            shadows.Add(shadow);
        }

        return shadow;
    }

    /// <summary>An on-line request begins. A request that may end HTTP on its connection has no duplicate.</summary>
    public ITap? Begin(ShadowConnection shadow, in MessageHead head, long arrival)
    {
        if (head.MaySwitchProtocol)
            return null;
        var exchange = new Exchange(this, shadow, head.IsHead, arrival);
        lock (gate)
        {
            exchanges.Enqueue(exchange);
            var oldest = Math.Min(keepFrom, clock.GetTimestamp() - (4 * shiftTicks));
            while (exchanges.Peek() is { IsComplete: true } done && done.Arrival < oldest)
                exchanges.Dequeue();
        }

        return exchange;
    }

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
        var now = clock.GetTimestamp();
        var busy = new HashSet<ShadowConnection>();
        lock (gate)
            return exchanges.All(exchange => exchange.Due >= now || exchange.IsShed || exchange.Sandbox.EndedAt != 0 || busy.Add(exchange.Shadow));
    }

    /// <summary>Gives up what was due before: shadow connections begin anew.</summary>
    public void Drop(long dueBefore)
    {
        lock (gate)
            shadows.ForEach(shadow => shadow.Drop(dueBefore));
    }

    /// <summary>Reserves memory for a duplicate; false when the bound is reached.</summary>
    public bool TryHold(int bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= memoryLimit)
            return true;
        Interlocked.Add(ref held, -bytes);
        return false;
    }

    /// <summary>Gives memory back.</summary>
    public void LetGo(int bytes) => Interlocked.Add(ref held, -bytes);

    /// <summary>A duplicate will never be sent.</summary>
    public void CountShed() => Interlocked.Increment(ref shed);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        ShadowConnection[] open;
        lock (gate)
            open = [.. shadows];
        foreach (var shadow in open)
            await shadow.DisposeAsync().ConfigureAwait(false);
    }
}
