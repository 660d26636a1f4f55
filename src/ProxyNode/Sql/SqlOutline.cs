using System.Text;

namespace JustRunIt.ProxyNode.Sql;

/// <summary>
/// A statement for people to read: its words without any value and without comments. No pattern tells which of a statement's values is a
/// password, so none stays.
/// </summary>
internal static class SqlOutline
{
    private const char Value = '?';

    // What values stand in. Where names stand in one of both, they are left out with the values.
    private const string Quotes = "'\"";

    /// <summary>The outline.</summary>
    /// <param name="sql">The statement; may be cut off.</param>
    public static string Of(string sql)
    {
        var outline = new StringBuilder(sql.Length);
        for (var at = 0; at < sql.Length;)
        {
            var c = sql[at];
            if (Quotes.Contains(c, StringComparison.Ordinal))
            {
                at = EndOfQuoted(sql, at);
                outline.Append(Value);
            }
            else if (c == '$' && EndOfTag(sql, at) is > 0 and var tagEnd)
            {
                var tag = sql[at..tagEnd];
                var end = sql.IndexOf(tag, tagEnd, StringComparison.Ordinal);
                at = end < 0 ? sql.Length : end + tag.Length;
                outline.Append(Value);
            }
            else if (sql.AsSpan(at).StartsWith("/*", StringComparison.Ordinal))
            {
                var end = sql.IndexOf("*/", at + 2, StringComparison.Ordinal);
                at = end < 0 ? sql.Length : end + 2;
                outline.Append(' ');
            }
            else if (c == '#' || sql.AsSpan(at).StartsWith("--", StringComparison.Ordinal))
            {
                var end = sql.IndexOf('\n', at);
                at = end < 0 ? sql.Length : end;
            }
            else if (char.IsAsciiDigit(c) && (outline.Length == 0 || !IsOfWord(outline[^1])))
            {
                while (at < sql.Length && (IsOfWord(sql[at]) || sql[at] == '.'))
                    at++;
                outline.Append(Value);
            }
            else
            {
                Append(outline, c);
                at++;
            }
        }

        return outline.ToString().Trim();
    }

    /// <summary>
    /// Which characters of a statement are of values or comments. Whether a backslash before a quote is one of the value depends on the
    /// server's settings: what is of a value in either way is taken for one.
    /// </summary>
    /// <param name="sql">The statement; may be cut off.</param>
    public static bool[] ValuesIn(string sql)
    {
        var isValue = new bool[sql.Length];
        foreach (var escapes in new[] { true, false })
        {
            for (var at = 0; at < sql.Length;)
            {
                var (inside, end) = ValueAt(sql, at, escapes);
                isValue.AsSpan(inside.Start.Value..inside.End.Value).Fill(true);
                at = end;
            }
        }

        return isValue;
    }

    /// <summary>The value or comment that begins at a place, without its quotes, and where to go on; empty where none does.</summary>
    private static (Range Inside, int End) ValueAt(string sql, int at, bool escapes)
    {
        var c = sql[at];
        if (Quotes.Contains(c, StringComparison.Ordinal))
        {
            var end = EndOfQuoted(sql, at, escapes);
            return ((at + 1)..Math.Max(at + 1, sql[end - 1] == c && end < sql.Length ? end - 1 : end), end);
        }

        if (c == '$' && EndOfTag(sql, at) is > 0 and var tagEnd)
        {
            var close = sql.IndexOf(sql[at..tagEnd], tagEnd, StringComparison.Ordinal);
            return close < 0 ? (tagEnd..sql.Length, sql.Length) : (tagEnd..close, close + tagEnd - at);
        }

        if (sql.AsSpan(at).StartsWith("/*", StringComparison.Ordinal))
        {
            var close = sql.IndexOf("*/", at + 2, StringComparison.Ordinal);
            return (at..(close < 0 ? sql.Length : close + 2), close < 0 ? sql.Length : close + 2);
        }

        if (c == '#' || sql.AsSpan(at).StartsWith("--", StringComparison.Ordinal))
        {
            var close = sql.IndexOf('\n', at);
            return (at..(close < 0 ? sql.Length : close), close < 0 ? sql.Length : close);
        }

        var last = at;
        if (char.IsAsciiDigit(c) && (at == 0 || !IsOfWord(sql[at - 1])))
        {
            while (last < sql.Length && (IsOfWord(sql[last]) || sql[last] == '.'))
                last++;
        }

        return (at..last, Math.Max(last, at + 1));
    }

    private static void Append(StringBuilder outline, char c)
    {
        var isSpace = char.IsWhiteSpace(c) || char.IsControl(c);
        if (!isSpace)
            outline.Append(c);
        else if (outline.Length > 0 && outline[^1] != ' ')
            outline.Append(' ');
    }

    private static bool IsOfWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';

    /// <summary>Behind the closing quote: one that is doubled, or behind a backslash that escapes, is none.</summary>
    private static int EndOfQuoted(string sql, int from, bool escapes = true)
    {
        for (var at = from + 1; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
                at++;
            else if (sql[at] == sql[from] && (at + 1 == sql.Length || sql[at + 1] != sql[from]))
                return at + 1;
            else if (sql[at] == sql[from])
                at++;
        }

        return sql.Length;
    }

    /// <summary>Behind a dollar quote's tag, such as <c>$$</c> or <c>$body$</c>; 0 where it is none.</summary>
    private static int EndOfTag(string sql, int from)
    {
        var at = from + 1;
        while (at < sql.Length && (char.IsLetter(sql[at]) || sql[at] == '_' || (at > from + 1 && char.IsAsciiDigit(sql[at]))))
            at++;
        return at < sql.Length && sql[at] == '$' ? at + 1 : 0;
    }
}
