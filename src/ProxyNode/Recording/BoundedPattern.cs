using System.Globalization;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Whether a regular expression looks at a bounded number of characters from wherever it is tried: then it takes a time linear in the
/// text by backtracking too, which is compiled to machine code and many times as fast as an engine that is linear for every pattern.
/// Only what can be told at once is: literals, classes, groups, alternatives, and repetitions that are counted, of which none is empty.
/// </summary>
internal ref struct BoundedPattern
{
    /// <summary>Most steps from one place of the text: the longest match times the ways to come to it.</summary>
    private const long Most = 4096;

    private readonly ReadOnlySpan<char> pattern;
    private int at;

    private BoundedPattern(ReadOnlySpan<char> pattern) => this.pattern = pattern;

    /// <summary>Whether it is known to be bounded.</summary>
    /// <param name="pattern">A regular expression that .NET takes, without options.</param>
    public static bool Is(ReadOnlySpan<char> pattern)
    {
        var reader = new BoundedPattern(pattern);
        return reader.TryAlternatives(out var cost) && reader.at == pattern.Length && cost.Least > 0 && cost.Steps <= Most;
    }

    private bool TryAlternatives(out Cost cost)
    {
        if (!TrySequence(out cost))
            return false;
        while (Takes('|'))
        {
            if (!TrySequence(out var other))
                return false;
            cost = new Cost(Math.Min(cost.Least, other.Least), Math.Max(cost.Length, other.Length), cost.Ways + other.Ways);
            // Which way is tried first decides what nothing matches, and engines differ in it.
            if (cost.Least == 0)
                return false;
        }

        return true;
    }

    private bool TrySequence(out Cost cost)
    {
        cost = new Cost(0, 0, 1);
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            if (!TryAtom(out var atom) || !TryCount(out var least, out var most) || (atom.Least == 0 && (least, most) != (1, 1)))
                return false;
            // Each number of repetitions is a way, and so is each way of each of them.
            var ways = Math.Pow(atom.Ways, most) * (most - least + 1);
            cost = new Cost(cost.Least + (atom.Least * least), cost.Length + (atom.Length * most), ways * cost.Ways);
            if (!(cost.Steps <= Most))
                return false;
        }

        return true;
    }

    private bool TryAtom(out Cost cost)
    {
        cost = new Cost(1, 1, 1);
        switch (pattern[at++])
        {
            case '(':
                // Of what begins with a question mark, only a group that is not captured is known here.
                if (Takes('?') && !Takes(':'))
                    return false;
                return TryAlternatives(out cost) && Takes(')');
            case '[':
                return TryClass();
            case '\\':
                // Classes, anchors and characters that mean themselves; no numbers, names or references.
                return at < pattern.Length && (pattern[at++] is var escaped)
                    && ("dDwWsSbBrntfv".Contains(escaped, StringComparison.Ordinal) || !char.IsAsciiLetterOrDigit(escaped));
            case '*' or '+' or '?' or '{' or '}' or ']':
                return false;
            default:
                return true;
        }
    }

    /// <summary>The rest of a class; one within a class, or with an escape of several characters, is not read.</summary>
    private bool TryClass()
    {
        Takes('^');
        for (var isFirst = true; at < pattern.Length; isFirst = false)
        {
            switch (pattern[at++])
            {
                case ']' when !isFirst:
                    return true;
                case '[' or ']':
                    return false;
                case '\\' when at == pattern.Length || char.IsAsciiDigit(pattern[at]) || pattern[at++] is 'p' or 'P' or 'x' or 'u' or 'c':
                    return false;
            }
        }

        return false;
    }

    /// <summary>How often an atom is repeated: once unless it is said.</summary>
    private bool TryCount(out int least, out int most)
    {
        (least, most) = (1, 1);
        if (Takes('?'))
            (least, most) = (0, 1);
        else if (at < pattern.Length && pattern[at] == '{')
        {
            var end = pattern[at..].IndexOf('}');
            if (end < 0)
                return false;
            var first = pattern.Slice(at + 1, end - 1);
            var last = first;
            if (first.IndexOf(',') is >= 0 and var comma)
            {
                last = first[(comma + 1)..];
                first = first[..comma];
            }

            if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out least)
                || !int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most < least)
                return false;
            at += end + 1;
        }

        // Lazy or not, it is the same number of ways; what is repeated once more is not read.
        if (least != most)
            Takes('?');
        return at == pattern.Length || pattern[at] is not ('*' or '+' or '?' or '{');
    }

    private bool Takes(char expected)
    {
        if (at >= pattern.Length || pattern[at] != expected)
            return false;
        at++;
        return true;
    }

    /// <summary>What trying costs from one place.</summary>
    /// <param name="Least">Shortest match, characters.</param>
    /// <param name="Length">Longest match, characters.</param>
    /// <param name="Ways">In how many ways one can be come to.</param>
    private readonly record struct Cost(double Least, double Length, double Ways)
    {
        public double Steps => Math.Max(1, Length) * Ways;
    }
}
