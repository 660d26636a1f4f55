namespace JustRunIt.Events.Telling;

/// <summary>Names that somebody may have meant who wrote another.</summary>
public static class NearestNames
{
    private const int Most = 3;

    /// <summary>
    /// At most three names, the nearest first: by the least number of characters to be changed, added or taken away (Levenshtein), where
    /// that is no more than half of what was written.
    /// </summary>
    public static IReadOnlyList<string> To(string written, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(names);
        return
        [
            .. names.Distinct()
                .Select(name => (name, distance: Distance(written, name)))
                .Where(each => each.distance <= Math.Max(2, written.Length / 2))
                .OrderBy(each => each.distance).ThenBy(each => each.name, StringComparer.Ordinal)
                .Take(Most)
                .Select(each => each.name),
        ];
    }

    private static int Distance(string one, string other)
    {
        var before = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var now = new int[other.Length + 1];
            now[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var changed = before[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1);
                now[j] = Math.Min(changed, Math.Min(before[j], now[j - 1]) + 1);
            }

            before = now;
        }

        return before[^1];
    }
}
