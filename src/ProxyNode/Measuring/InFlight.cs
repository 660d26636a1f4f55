using JustRunIt.Events.Sla;

namespace JustRunIt.ProxyNode.Measuring;

/// <summary>
/// Requests that have arrived and are not answered yet. What it costs does not grow with them: their ages are kept by the second in
/// which they arrived.
/// </summary>
/// <param name="clock">The clock of the arrivals.</param>
internal sealed class InFlight(TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly long begin = clock.GetTimestamp();

    // Seconds in which requests arrived that are still open, but for the last, which is apart: it changes with nearly every request.
    private readonly SortedDictionary<long, long> bySecond = [];
    private (long Second, long Count) last;
    private long count;
    private long arrivals;

    /// <summary>A request has arrived.</summary>
    /// <param name="arrival">When, a timestamp of the clock.</param>
    public void Begin(long arrival)
    {
        var (ticks, second) = Since(arrival);
        lock (gate)
        {
            count++;
            arrivals += ticks;
            if (second == last.Second)
            {
                last.Count++;
                return;
            }

            if (second < last.Second)
            {
                bySecond[second] = bySecond.GetValueOrDefault(second) + 1;
                return;
            }

            if (last.Count > 0)
                bySecond[last.Second] = bySecond.GetValueOrDefault(last.Second) + last.Count;
            last = (second, 1);
        }
    }

    /// <summary>It is open no longer.</summary>
    /// <param name="arrival">When it had arrived.</param>
    public void End(long arrival)
    {
        var (ticks, second) = Since(arrival);
        lock (gate)
        {
            count--;
            arrivals -= ticks;
            if (second == last.Second)
                last.Count--;
            else if (bySecond.TryGetValue(second, out var open) && open > 1)
                bySecond[second] = open - 1;
            else
                bySecond.Remove(second);
        }
    }

    /// <summary>Those that are open now, with their age; the longest is told to the second, rounded down.</summary>
    public WaitingRequests Read()
    {
        lock (gate)
        {
            if (count == 0)
                return WaitingRequests.None;
            var (now, _) = Since(clock.GetTimestamp());
            var first = last.Second;
            foreach (var second in bySecond.Keys)
            {
                first = Math.Min(first, second);
                break;
            }

            var oldest = Math.Min(now, (first + 1) * TimeSpan.TicksPerSecond);
            // Ticks of 100 ns: a million requests of a century fit; what does not is as long as can be told.
            var waited = (Int128)count * now - arrivals;
            return new WaitingRequests(
                count, new TimeSpan((long)Int128.Clamp(waited, 0, long.MaxValue)), new TimeSpan(Math.Max(0, now - oldest)));
        }
    }

    private (long Ticks, long Second) Since(long timestamp)
    {
        // Not before the clock's own beginning, from which it began to count.
        var ticks = Math.Max(0, clock.GetElapsedTime(begin, timestamp).Ticks);
        return (ticks, ticks / TimeSpan.TicksPerSecond);
    }
}
