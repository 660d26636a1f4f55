using System.Globalization;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Durations on the command line.</summary>
internal static class Durations
{
    /// <summary>A number and its unit: s, min or h; null when it is none.</summary>
    public static TimeSpan? TryParse(string text)
    {
        var unit = text.TrimStart([.. "0123456789."]);
        double? seconds = unit switch { "s" => 1, "min" => 60, "h" => 3600, _ => null };
        return seconds is { } factor
            && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromSeconds(number * factor)
            : null;
    }
}
