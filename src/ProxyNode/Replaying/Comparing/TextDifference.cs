using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// Where two texts differ that should be the same: an excerpt of both around each place, without what nobody must read, and the pattern of
/// a rule that would make them equal there. Words are compared, with what holds them together: a time, an address and a number with a
/// point in it are one word. The time is bounded whatever the texts are.
/// </summary>
internal static partial class TextDifference
{
    /// <summary>Most places that are shown.</summary>
    public const int MostPlaces = 8;

    private const int Longest = 64 * 1024;
    private const int LookAhead = 32;
    private const int LongestPrefix = 24;
    private const int EnoughOfHex = 8;

    /// <summary>The places.</summary>
    /// <param name="live">The original's text.</param>
    /// <param name="clone">The clone's.</param>
    /// <param name="redaction">What is taken out.</param>
    /// <param name="isWhole">All of them were found: with all their patterns as rules the texts are equal.</param>
    public static IReadOnlyList<DifferingPlace> Of(string live, string clone, Redaction redaction, out bool isWhole) =>
        Of(new RequestText(live), new RequestText(clone), redaction, out isWhole);

    /// <summary>The places in two requests; of the values of a statement only length and pattern are shown.</summary>
    /// <param name="liveRequest">The original's.</param>
    /// <param name="cloneRequest">The clone's.</param>
    /// <param name="redaction">What is taken out.</param>
    /// <param name="isWhole">All of them were found: with all their patterns as rules the texts are equal.</param>
    public static IReadOnlyList<DifferingPlace> Of(
        RequestText liveRequest, RequestText cloneRequest, Redaction redaction, out bool isWhole)
    {
        var (live, clone) = (liveRequest.Text, cloneRequest.Text);
        var (cutLive, cutClone) = (live[..Math.Min(live.Length, Longest)], clone[..Math.Min(clone.Length, Longest)]);
        var (one, other) = (Words(cutLive), Words(cutClone));
        Excerpts? shown = null;
        Excerpts? othersShown = null;
        var places = new List<DifferingPlace>();
        var patterns = new List<Regex>();
        for (var (i, j) = (0, 0); (i < one.Count || j < other.Count) && places.Count < MostPlaces;)
        {
            if (i < one.Count && j < other.Count && Same(cutLive, one[i], cutClone, other[j]))
            {
                (i, j) = (i + 1, j + 1);
                continue;
            }

            var (nextI, nextJ) = Resume(cutLive, one, i, cutClone, other, j);
            var (ours, theirs) = (Span(cutLive, one, i, nextI), Span(cutClone, other, j, nextJ));
            var pattern = PatternOf(cutLive, ours, cutClone, theirs, liveRequest.IsValue);
            shown ??= new Excerpts(liveRequest.Cut(Longest), redaction);
            othersShown ??= new Excerpts(cloneRequest.Cut(Longest), redaction);
            places.Add(new DifferingPlace(shown.Around(ours), othersShown.Around(theirs), pattern));
            if (pattern is not null)
                patterns.Add(WildcardRules.Pattern(pattern));
            (i, j) = (nextI, nextJ);
        }

        isWhole = places.Count > 0 && places.TrueForAll(place => place.Pattern is not null)
            && WildcardRules.Replace(live, patterns) == WildcardRules.Replace(clone, patterns);
        return places;
    }

    /// <summary>A text of any bytes as it is shown, on one line.</summary>
    public static string Shown(string text) =>
        string.Concat(text.Select(c => c is >= ' ' and not '\x7F' ? c : c is '\n' or '\r' or '\t' ? ' ' : '\u00B7'));

    private static List<Range> Words(string text)
    {
        var words = new List<Range>();
        foreach (var match in Word().EnumerateMatches(text))
            words.Add(match.Index..(match.Index + match.Length));
        return words;
    }

    private static bool Same(string one, Range at, string other, Range otherAt) => one.AsSpan()[at].SequenceEqual(other.AsSpan()[otherAt]);

    /// <summary>Where both go on alike: the nearest pair of equal words, a word itself and the one after it.</summary>
    private static (int I, int J) Resume(string live, List<Range> one, int i, string clone, List<Range> other, int j)
    {
        for (var most = 1; most <= LookAhead; most++)
        {
            // As many words left out on both sides as possible: values stand against values.
            for (var fewer = most; fewer >= 0; fewer--)
            {
                if (Match(i + most, j + fewer))
                    return (i + most, j + fewer);
                if (fewer < most && Match(i + fewer, j + most))
                    return (i + fewer, j + most);
            }
        }

        return (one.Count, other.Count);

        bool Match(int a, int b) =>
            (a == one.Count && b == other.Count)
            || (a < one.Count && b < other.Count && Same(live, one[a], clone, other[b])
                && (a + 1 == one.Count || b + 1 == other.Count || Same(live, one[a + 1], clone, other[b + 1])));
    }

    private static Range Span(string text, List<Range> words, int from, int to)
    {
        var start = from < words.Count ? words[from].Start.Value : text.Length;
        var end = to > from ? words[to - 1].End.Value : start;
        return start..end;
    }

    /// <summary>The pattern of both values, with as much of what is before them as tells what they are; null where there is none.</summary>
    private static string? PatternOf(string live, Range at, string clone, Range otherAt, bool[]? isValue)
    {
        var (one, other) = (live[at], clone[otherAt]);
        if (one.Length == 0 || other.Length == 0 || one.Length > Excerpts.LongestShown || other.Length > Excerpts.LongestShown)
            return null;
        // Of what is neither letter nor digit a pattern repeats what there is.
        if (isValue is not null && (one + other).Any(c => c >= '\x7F'))
            return null;
        var (shape, isTelling) = Shape(one, other);
        if (isTelling)
            return shape;
        var (start, length) = (at.Start.Value, 0);
        for (var clones = otherAt.Start.Value; length < LongestPrefix && length < start && length < clones; length++)
        {
            var c = live[start - length - 1];
            if (c is < ' ' or >= '\x7F' || char.IsAsciiDigit(c) || c != clone[clones - length - 1]
                || isValue?[start - length - 1] == true)
                break;
        }

        var prefix = live[(start - length)..start];
        return prefix.Trim().Length == 0 ? null : Regex.Escape(prefix).Replace("\\ ", " ", StringComparison.Ordinal) + shape;
    }

    private static (string Shape, bool IsTelling) Shape(string one, string other)
    {
        var both = one + other;
        if (one.Length == other.Length && one.Length >= EnoughOfHex && both.All(char.IsAsciiHexDigit) && both.Any(char.IsAsciiLetter))
        {
            var letters = both.Any(char.IsAsciiLetterUpper) ? both.Any(char.IsAsciiLetterLower) ? "A-Fa-f" : "A-F" : "a-f";
            return (string.Create(CultureInfo.InvariantCulture, $"[0-9{letters}]{{{one.Length}}}"), true);
        }

        // Numbers held together alike, such as a date or a time: each of them may have another length.
        var skeleton = Digits().Replace(one, "0");
        if (skeleton == Digits().Replace(other, "0") && skeleton.Length > 1 && skeleton.All(c => !char.IsAsciiLetter(c)))
            return (string.Concat(skeleton.Select(c => c == '0' ? "[0-9]+" : Regex.Escape($"{c}"))), skeleton.Length > 3);
        var set = new StringBuilder("[");
        if (both.Any(char.IsAsciiDigit))
            set.Append("0-9");
        if (both.Any(char.IsAsciiLetterUpper))
            set.Append("A-Z");
        if (both.Any(char.IsAsciiLetterLower))
            set.Append("a-z");
        foreach (var c in both.Where(c => !char.IsAsciiLetterOrDigit(c)).Distinct())
            set.Append(c is ']' or '[' or '^' or '-' or '\\' ? $"\\{c}" : c is >= ' ' and < '\x7F' ? $"{c}" : $"\\u{(int)c:X4}");
        return (set.Append("]+").ToString(), false);
    }

    [GeneratedRegex(@"[A-Za-z0-9]+([.:_-][A-Za-z0-9]+)*|[^A-Za-z0-9]")]
    private static partial Regex Word();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}

/// <summary>A place in which two texts differ.</summary>
/// <param name="Live">The original's text around it, what differs in brackets.</param>
/// <param name="Sandbox">The clone's.</param>
/// <param name="Pattern">The pattern of a rule that makes both equal there; null where there is none.</param>
internal sealed record DifferingPlace(string Live, string Sandbox, string? Pattern);
