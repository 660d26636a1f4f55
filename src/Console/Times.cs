using JustRunIt.Events.Telling;
using JustRunIt.Hosting.Configuration;

namespace JustRunIt.Console;

/// <summary>Times on the command line.</summary>
internal static class Times
{
    /// <summary>What is allowed, for complaints.</summary>
    public static string Allowed =>
        $"{Durations.Allowed}, or a time in UTC until now, such as 2026-01-31T12:00:00Z, or 12:00 for the last time that it was noon";

    /// <summary>Reads one.</summary>
    public static bool TryRead(string text, out DateTimeOffset? time)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (Durations.TryParse(text, out var ago))
            time = ago < now - DateTimeOffset.MinValue ? now - ago : default(DateTimeOffset);
        else
            time = PastTime.Read(text, now);
        return time is not null;
    }
}
