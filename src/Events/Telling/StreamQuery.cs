namespace JustRunIt.Events.Telling;

/// <summary>
/// A stream as people name it: <c>data-center NAME</c>, <c>service NAME</c>, <c>matrix SERVICE/TIER@2026-11-28</c>, a stream's own name,
/// or the beginning of one or of a matrix' id.
/// </summary>
/// <param name="Kind">Its kind; null where only the beginning of a name is given.</param>
/// <param name="Name">The rest: a name, the beginning of one, or of a matrix the service.</param>
/// <param name="Tier">Of a matrix the tier; null for any.</param>
/// <param name="Opened">Of a matrix the beginning of the time at which it was opened, such as <c>2026-11-28T12</c>; null for any.</param>
public sealed record StreamQuery(StreamKind? Kind, string Name, string? Tier = null, string? Opened = null)
{
    private const int ShortestId = 3;

    /// <summary>What is understood.</summary>
    public const string Allowed = "matrix SERVICE[/TIER][@TIME], service NAME, explorations NAME, sandbox [DATA-CENTER/]MACHINE, "
        + "data-center NAME, policy NAME, or the beginning of a stream's name or of a matrix' id";

    /// <summary>Puts words together that belong together: a kind and the name behind it.</summary>
    public static IReadOnlyList<string> Join(IEnumerable<string> words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var joined = new List<string>();
        foreach (var word in words)
        {
            if (joined.Count > 0 && StreamKind.Called(joined[^1]) is not null)
                joined[^1] = $"{joined[^1]} {word}";
            else
                joined.Add(word);
        }

        return joined;
    }

    /// <summary>Reads what somebody has written.</summary>
    /// <returns>Null for a kind without a name, or for nothing.</returns>
    public static StreamQuery? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is not [var first, ..])
            return null;
        if (StreamKind.Called(first) is not { } kind)
            return words.Length == 1 ? new StreamQuery(null, first) : null;
        if (words is not [_, var rest])
            return null;
        if (kind != StreamKind.Matrix)
            return new StreamQuery(kind, rest);
        var (name, opened) = Cut(rest, '@');
        var (service, tier) = Cut(name, '/');
        return service.Length == 0 ? null : new StreamQuery(kind, service, tier, opened);
    }

    /// <summary>The beginning of a matrix' id as streams are named by it; null when it is none.</summary>
    public string? MatrixId
    {
        get
        {
            var digits = Name.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
            return (Kind is null || Kind == StreamKind.Matrix) && Tier is null && Opened is null
                && digits.Length is >= ShortestId and <= 32 && digits.All(char.IsAsciiHexDigit) ? digits : null;
        }
    }

    /// <summary>Whether a matrix that was opened is meant.</summary>
    /// <param name="tier">Its tier.</param>
    /// <param name="openedAt">When it was opened (UTC).</param>
    public bool IsMatrix(string tier, DateTimeOffset openedAt) =>
        (Tier is null || Tier == tier)
        && (Opened is null || Sentences.At(openedAt).StartsWith(Opened.TrimEnd('Z').Replace(' ', 'T'), StringComparison.OrdinalIgnoreCase));

    private static (string Before, string? After) Cut(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is var index and >= 0 ? (text[..index], text[(index + 1)..]) : (text, null);
}
