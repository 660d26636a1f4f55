namespace JustRunIt.ProxyNode.Sessions;

/// <summary>
/// When sessions begin at the clone, at a speed other than the original's (§2.3). The arrivals of whole sessions are scaled;
/// within a session every gap is the original's, because it is the client's time to think. Slower defers sessions, each later
/// than the one before; faster needs sessions that were held back first, and lasts until they are used up. A duplicate is
/// never due before the fixed time shift has passed: the clone does not run ahead of the original.
/// </summary>
/// <remarks>All times in the same ticks.</remarks>
/// <param name="StartedAt">When the first session may arrive.</param>
/// <param name="Shift">The fixed time shift.</param>
/// <param name="Hold">How much longer the first session is held back; of use only where the speed is above 1.</param>
/// <param name="Speed">Sessions begun a second at the clone, to those on-line.</param>
internal sealed record SessionSchedule(long StartedAt, long Shift, long Hold, double Speed)
{
    /// <summary>The arrival after which sessions follow each other at the original's speed: all that was held back is used up.</summary>
    public long FasterUntil => Speed > 1 ? StartedAt + (long)(Hold / (1 - (1 / Speed))) : StartedAt;

    /// <summary>When a session begins at the clone.</summary>
    /// <param name="arrival">Of its first request.</param>
    public long Begin(long arrival) => Math.Max(
        arrival + Shift,
        StartedAt + Shift + Hold + (long)((arrival - StartedAt) / Speed));
}
