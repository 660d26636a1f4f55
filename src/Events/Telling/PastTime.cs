using System.Globalization;

namespace JustRunIt.Events.Telling;

/// <summary>Times of the past, as people name them (UTC): what is recorded lies before now.</summary>
public static class PastTime
{
    private static readonly string[] OfDay = ["HH:mm", "HH:mm:ss"];

    /// <summary>
    /// Reads a date and time, or a time of day: the last one that was, today's or, where that is still to come, yesterday's.
    /// </summary>
    /// <param name="text">What somebody has written.</param>
    /// <param name="now">The clock.</param>
    /// <returns>The time; null where the text is none, or names one that is still to come.</returns>
    public static DateTimeOffset? Read(string text, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (TimeOnly.TryParseExact(text, OfDay, CultureInfo.InvariantCulture, DateTimeStyles.None, out var ofDay))
        {
            var today = new DateTimeOffset(DateOnly.FromDateTime(now.UtcDateTime), ofDay, TimeSpan.Zero);
            return today <= now ? today : today.AddDays(-1);
        }

        return text.Contains('-', StringComparison.Ordinal)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            && at <= now
            ? at
            : null;
    }
}
