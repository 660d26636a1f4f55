using System.Text;

namespace JustRunIt.Events.Sla;

/// <summary>
/// When the tumbling windows of a service begin. Those of different services begin at different times: if a thousand ended with the
/// same second, all that follows from them would wait for each other.
/// </summary>
public sealed record WindowFrame
{
    private const int Steps = 100;

    /// <summary>Windows of a length.</summary>
    /// <param name="length">Length of a window; above zero.</param>
    /// <param name="phase">By how much later they begin; from zero on, below the length.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such windows.</exception>
    public WindowFrame(TimeSpan length, TimeSpan phase = default)
    {
        if (length <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(length), length, "A window has a length.");
        if (phase < TimeSpan.Zero || phase >= length)
            throw new ArgumentOutOfRangeException(nameof(phase), phase, $"A phase is from zero on and below the length, {length}.");
        Length = length;
        Phase = phase;
    }

    /// <summary>Length of a window.</summary>
    public TimeSpan Length { get; }

    /// <summary>By how much later than at multiples of the length, counted from the year 1, they begin; below the length.</summary>
    public TimeSpan Phase { get; }

    /// <summary>The windows of a service: begun by one of a hundred evenly spread phases that its name alone decides.</summary>
    /// <param name="service">The service's name.</param>
    /// <param name="length">Length of a window.</param>
    public static WindowFrame Of(string service, TimeSpan length)
    {
        ArgumentNullException.ThrowIfNull(service);
        // FNV-1a of 32 bits: the same in every process.
        var hash = Encoding.UTF8.GetBytes(service).Aggregate(2166136261u, (sum, b) => (sum ^ b) * 16777619u);
        return new WindowFrame(length, length / Steps * (hash % Steps));
    }

    /// <summary>The beginning of the window that holds a time. Windows cover (start, start + length]: an interval that ends with a window
    /// belongs to it.</summary>
    /// <param name="to">The time (UTC).</param>
    public DateTimeOffset StartOf(DateTimeOffset to)
    {
        var since = to.UtcTicks - 1 - Phase.Ticks;
        return new DateTimeOffset(to.UtcTicks - 1 - (((since % Length.Ticks) + Length.Ticks) % Length.Ticks), TimeSpan.Zero);
    }
}
