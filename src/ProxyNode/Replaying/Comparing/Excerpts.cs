using System.Globalization;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Replaying.Comparing;

/// <summary>
/// What is shown of a text around a place. The text is redacted as a whole and cut afterwards: the name that tells what a secret is may be
/// far before it. So all that is shown is from the redacted text, in which the place is looked for; where it is not found, only
/// how long it is is shown. Of a statement's values nothing else is shown at all.
/// </summary>
internal sealed class Excerpts(RequestText request, Redaction redaction)
{
    /// <summary>Longest value that is shown.</summary>
    public const int LongestShown = 60;

    private const int Before = 40;
    private const int After = 20;

    /// <summary>Characters that what follows something taken out is found by.</summary>
    private const int Anchor = 24;

    private readonly string redacted = request.IsValue is null ? redaction.Text(request.Text) : "";
    private List<Run>? runs;

    /// <summary>What is around a place, on one line, and the place itself in brackets.</summary>
    public string Around(Range place)
    {
        var (start, end) = (place.Start.Value, place.End.Value);
        return TextDifference.Shown(request.IsValue is { } isValue ? AroundOfStatement(start, end, isValue) : AroundOfText(start, end));
    }

    private string AroundOfStatement(int start, int end, bool[] isValue)
    {
        if (isValue.AsSpan(start..end).Contains(true))
            return Length(start, end);
        var (before, after) = (Math.Max(0, start - Before)..start, end..Math.Min(request.Text.Length, end + After));
        return redaction.Text($"{request.WithoutValues(before)}[{Cut(request.Text[start..end])}]{request.WithoutValues(after)}");
    }

    private string AroundOfText(int start, int end)
    {
        runs ??= Align();
        if (runs.Find(run => run.Text <= start && end <= run.End) is { } run)
        {
            var (from, to) = (start - run.Text + run.Redacted, end - run.Text + run.Redacted);
            return $"{Ending(from)}[{Cut(redacted[from..to])}]{Beginning(to)}";
        }

        // It was taken out, or something in it.
        var left = runs.FindLast(run => run.Text <= start) ?? new Run(0, 0, 0);
        var right = runs.Find(run => run.End >= end) ?? new Run(request.Text.Length, redacted.Length, 0);
        var before = Math.Min(start - left.Text, left.Length) + left.Redacted;
        var after = Math.Max(end - right.Text, 0) + right.Redacted;
        return $"{Ending(before)}{Length(start, end)}{Beginning(after)}";
    }

    private string Ending(int at) => redacted[Math.Max(0, at - Before)..at];

    private string Beginning(int at) => redacted[at..Math.Min(redacted.Length, at + After)];

    private static string Cut(string value) => value.Length > LongestShown ? value[..LongestShown] + "..." : value;

    private static string Length(int start, int end) => string.Create(CultureInfo.InvariantCulture, $"[{end - start} characters]");

    /// <summary>
    /// The runs of characters that both texts have. Where they part, something was taken out; what comes after the mark is looked for in
    /// the text. Were it found in the wrong place, what is shown would still be from the redacted text.
    /// </summary>
    private List<Run> Align()
    {
        List<Run> found = [];
        for (var (at, other) = (0, 0); at < request.Text.Length && other < redacted.Length;)
        {
            var length = request.Text.AsSpan(at).CommonPrefixLength(redacted.AsSpan(other));
            if (length > 0)
                found.Add(new Run(at, other, length));
            (at, other) = (at + length, other + length);
            // What was taken out may have begun like the mark.
            var mark = redacted.IndexOf(Redaction.Mark, Math.Max(0, other - Redaction.Mark.Length + 1), StringComparison.Ordinal);
            if (mark < 0)
                break;
            other = mark + Redaction.Mark.Length;
            var next = redacted.IndexOf(Redaction.Mark, other, StringComparison.Ordinal);
            var anchor = redacted[other..Math.Min(other + Anchor, next < 0 ? redacted.Length : next)];
            var again = anchor.Length == 0 ? -1 : request.Text.IndexOf(anchor, at, StringComparison.Ordinal);
            if (again < 0)
                break;
            at = again;
        }

        return found;
    }

    /// <summary>Characters that both texts have.</summary>
    /// <param name="Text">Where they begin in the text.</param>
    /// <param name="Redacted">Where they begin in the redacted one.</param>
    /// <param name="Length">How many.</param>
    private sealed record Run(int Text, int Redacted, int Length)
    {
        public int End => Text + Length;
    }
}
