using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Replaying.Shadows;

/// <summary>
/// How long one connection to the clone waits: to be connected, let in, heard and answered. What the original took for long, its clone
/// may take for longer; an original that has not answered yet gives its clone the same time. One thread begins and ends a wait; another
/// one looks whether it is over.
/// </summary>
/// <param name="clock">The clock.</param>
/// <param name="limit">How long, at least.</param>
internal sealed class AnswerWait(TimeProvider clock, TimeSpan limit)
{
    private const int SlowerThanOnline = 4;
    private const long Nothing = 0;
    private const long Over = -1;

    private Exchange? awaited;
    private long since;

    /// <summary>The limit has passed: what is heard of the clone now comes too late.</summary>
    public bool IsOver => Volatile.Read(ref since) == Over;

    /// <summary>A wait begins.</summary>
    /// <param name="exchange">For what; null: to be connected before there is anything to send.</param>
    public void Begin(Exchange? exchange)
    {
        Volatile.Write(ref awaited, exchange);
        Volatile.Write(ref since, Math.Max(clock.GetTimestamp(), 1));
    }

    /// <summary>It has ended.</summary>
    /// <returns>Whether the limit had passed.</returns>
    public bool End() => Interlocked.Exchange(ref since, Nothing) == Over;

    /// <summary>Ends the wait if its limit has passed; true to the one who ended it, who breaks the connection then.</summary>
    /// <param name="waitsForDuplicate">Whether a duplicate was waited for.</param>
    public bool TryEnd(out bool waitsForDuplicate)
    {
        waitsForDuplicate = false;
        var from = Volatile.Read(ref since);
        if (from <= Nothing)
            return false;
        var allowed = limit;
        if (Volatile.Read(ref awaited) is { } exchange)
        {
            waitsForDuplicate = true;
            var completed = exchange.CompletedAt;
            if (completed == 0 && !exchange.IsOneWay)
                return false;
            var online = completed == 0 ? TimeSpan.Zero : SlowerThanOnline * clock.GetElapsedTime(exchange.Arrival, completed);
            allowed = online > limit ? online : limit;
        }

        // Of another wait by now, if it is not the same beginning.
        return clock.GetElapsedTime(from) >= allowed && Interlocked.CompareExchange(ref since, Over, from) == from;
    }
}
