using System.Globalization;

namespace JustRunIt.Samples.Core.CommandLine;

/// <summary>Durations as people write them: a number and a unit.</summary>
public static class DurationText
{
    /// <summary>What a duration may look like, for error messages.</summary>
    public const string Allowed = "a number from 0 with ms, s, m or h, at most 24h, such as 800ms or 1.5s, is";

    /// <summary>Parses a duration from 0 to 24 hours.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var digits = text.TrimEnd('h', 'm', 's');
        double? millisecondsPerUnit = text[digits.Length..] switch
        {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => null,
        };
        if (millisecondsPerUnit is null
            || !double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number * millisecondsPerUnit > 86_400_000)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(number * millisecondsPerUnit.Value);
        return true;
    }
}
