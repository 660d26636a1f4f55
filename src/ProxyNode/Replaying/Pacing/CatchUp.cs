namespace JustRunIt.ProxyNode.Replaying.Pacing;

/// <summary>
/// How fast a connection of a clone that has stood still works off what is due: at twice the pace at which it came, for all of it at
/// once would take processors and network from on-line traffic. A clone that is merely too slow is not held back by that: it
/// never gets to be faster than the original. Times are ticks of a clock.
/// </summary>
/// <param name="ticksPerSecond">Of the clock.</param>
internal sealed class CatchUp(long ticksPerSecond)
{
    /// <summary>So many times as fast as on-line.</summary>
    public const int Pace = 2;

    private const long Unknown = long.MinValue;

    /// <summary>Later than that, a duplicate is late because the clone stood still, or cannot keep up.</summary>
    private readonly long behind = ticksPerSecond;

    /// <summary>So much of the pace that was not used can be used later: what waits of a slow clone comes unevenly.</summary>
    private readonly long credit = ticksPerSecond;

    private long from = Unknown;
    private long fromDue;

    /// <summary>How long the next duplicate is held back.</summary>
    /// <param name="due">When it was due.</param>
    /// <param name="now">The time.</param>
    public long Wait(long due, long now)
    {
        if (now - due < behind)
        {
            from = Unknown;
            return 0;
        }

        if (from == Unknown)
            (from, fromDue) = (now, due);
        var earliest = from + ((due - fromDue) / Pace);
        from += Math.Max(0, now - credit - earliest);
        return Math.Max(0, earliest - now);
    }
}
