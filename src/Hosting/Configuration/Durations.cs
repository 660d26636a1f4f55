using System.Globalization;

namespace JustRunIt.Hosting.Configuration;

/// <summary>
/// Durations as people write them, everywhere the same: numbers, each with its unit, the larger unit first. <c>50ms</c>,
/// <c>1.5s</c>, <c>3 min</c>, <c>1h30min</c>. Neither sign nor exponent; zero is <c>0s</c>.
/// </summary>
public static class Durations
{
    /// <summary>What is allowed, for complaints.</summary>
    public const string Allowed = "a duration with its unit (ms, s, min, h), such as 50ms, 10s, 3min or 1h30min";

    // From the largest, in which order they must come.
    private static readonly (string Name, double Milliseconds)[] Units = [("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

    /// <summary>Reads a duration; what a <see cref="TimeSpan"/> cannot hold is none.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out TimeSpan duration)
    {
        duration = default;
        var milliseconds = 0.0;
        var next = 0;
        var rest = text.Trim();
        do
        {
            var digits = rest.IndexOfAnyExcept("0123456789.");
            if (digits <= 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[digits..].TrimStart();
            var letters = rest.IndexOfAnyExceptInRange('a', 'z');
            var name = letters < 0 ? rest : rest[..letters];
            while (next < Units.Length && !name.SequenceEqual(Units[next].Name))
                next++;
            if (next == Units.Length)
                return false;
            milliseconds += number * Units[next++].Milliseconds;
            rest = rest[name.Length..].TrimStart();
        }
        while (rest.Length > 0);

        if (milliseconds >= TimeSpan.MaxValue.TotalMilliseconds)
            return false;
        duration = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>A duration as it is written, with at most two decimals of its largest unit.</summary>
    public static string Show(TimeSpan duration) => duration switch
    {
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalHours:0.##}h"),
        { TotalSeconds: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.##}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.##}ms"),
    };
}
