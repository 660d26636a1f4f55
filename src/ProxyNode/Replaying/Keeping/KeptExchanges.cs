using System.Collections.Concurrent;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;

namespace JustRunIt.ProxyNode.Replaying.Keeping;

/// <summary>
/// The exchanges of a measurement: everything that arrives in a time is kept, answered or not, until it is forgotten. What arrives
/// before anybody asks is kept for two time shifts: a measurement may ask for arrivals that have been.
/// </summary>
/// <param name="clock">Whose timestamps the arrivals have.</param>
/// <param name="shiftTicks">The time shift.</param>
/// <param name="isExperiment">Whether all are kept, and not only those of a time that was asked for.</param>
internal sealed class KeptExchanges(TimeProvider clock, long shiftTicks, bool isExperiment)
{
    private readonly ConcurrentQueue<Exchange> kept = new();
    private readonly Lock trimming = new();
    private readonly long[] refused = new long[Enum.GetValues<GiveUpReason>().Length];
    private long from = long.MaxValue;
    private long to = long.MaxValue;

    /// <summary>Whether what begins now is to be kept.</summary>
    public bool IsKeeping => isExperiment || Interlocked.Read(ref from) != long.MaxValue;

    /// <summary>Everything that arrives in a time is kept from now on, until <see cref="Forget"/>.</summary>
    public void Keep(long first, long end)
    {
        for (var i = 0; i < refused.Length; i++)
            Interlocked.Exchange(ref refused[i], 0);
        Interlocked.Exchange(ref to, end);
        Interlocked.Exchange(ref from, first);
    }

    /// <summary>A measurement is over.</summary>
    public void Forget() => Keep(long.MaxValue, long.MaxValue);

    /// <summary>One more; it was told so when it began, and is left when it is trimmed.</summary>
    public void Add(Exchange exchange) => kept.Enqueue(exchange);

    /// <summary>An exchange was given up when it began.</summary>
    public void CountRefused(long arrival, GiveUpReason why)
    {
        if (arrival >= Interlocked.Read(ref from) && arrival < Interlocked.Read(ref to))
            Interlocked.Increment(ref refused[(int)why]);
    }

    /// <summary>Those of arrivals in the time that was asked for.</summary>
    /// <param name="refusedToo">How many more there would be if they had not been given up when they began, by why.</param>
    public IReadOnlyList<Exchange> Read(out IReadOnlyDictionary<GiveUpReason, long> refusedToo)
    {
        var (first, end) = (Interlocked.Read(ref from), Interlocked.Read(ref to));
        refusedToo = Enum.GetValues<GiveUpReason>()
            .Select(why => (why, Count: Interlocked.Read(ref refused[(int)why])))
            .Where(one => one.Count > 0)
            .ToDictionary(one => one.why, one => one.Count);
        return [.. kept.Where(exchange => !exchange.IsAbandoned && exchange.Arrival >= first && exchange.Arrival < end)];
    }

    /// <summary>Lets go of what no measurement that begins now can ask for. One thread at a time.</summary>
    public void Trim()
    {
        if (kept.IsEmpty || !trimming.TryEnter())
            return;
        try
        {
            var oldest = Math.Min(Interlocked.Read(ref from), clock.GetTimestamp() - (2 * shiftTicks));
            while (kept.TryPeek(out var done) && done.IsComplete && done.Arrival < oldest && kept.TryDequeue(out _))
                done.Leave();
        }
        finally
        {
            trimming.Exit();
        }
    }
}
