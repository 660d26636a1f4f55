using System.Buffers;
using System.Text;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Which statements leave something in their session, told from a text's bytes without an allocation: nearly none do, and each that passes
/// is looked at.
/// </summary>
internal static class MySqlWords
{
    private static readonly SearchValues<byte> Marks = SearchValues.Create("'\"`;#-/"u8);

    /// <summary>First words of statements that may leave something, or take away what another left.</summary>
    private static readonly string[] Changing =
    [
        "SET", "USE", "CREATE", "DROP", "LOCK", "UNLOCK", "PREPARE", "DEALLOCATE", "EXECUTE", "HANDLER", "FLUSH", "XA", "BEGIN", "START",
        "CALL", "GET", "LOAD",
    ];

    /// <summary>Parts of statements of any kind that leave a variable's value or a named lock.</summary>
    private static ReadOnlySpan<byte> Assignment => ":="u8;

    /// <summary>Whether a statement begins with a word after which its session may be another.</summary>
    /// <param name="sql">The text; may be cut off.</param>
    public static bool BeginsWithChange(ReadOnlySpan<byte> sql)
    {
        var word = FirstWord(sql);
        foreach (var changing in Changing)
        {
            if (Ascii.EqualsIgnoreCase(word, changing))
                return true;
        }

        return false;
    }

    /// <summary>Whether any statement of a text may leave something in the session.</summary>
    /// <param name="sql">The text; may be cut off.</param>
    /// <param name="isMany">It may be several statements.</param>
    public static bool MayChange(ReadOnlySpan<byte> sql, bool isMany)
    {
        if (BeginsWithChange(sql) || sql.IndexOf(Assignment) >= 0 || Has(sql, "_LOCK"u8, 4) || AssignsInto(sql))
            return true;
        // Which semicolons are of a string depends on the session: what is behind any is looked at.
        for (var rest = sql; isMany && rest.IndexOf((byte)';') is >= 0 and var end;)
        {
            rest = rest[(end + 1)..];
            if (BeginsWithChange(rest))
                return true;
        }

        return false;
    }

    /// <summary>Whether a text may end another session, or the server; most do not, and that is told without an allocation.</summary>
    /// <remarks>Of a text that was prepared as a statement nothing is said where it is executed.</remarks>
    public static bool MayKill(ReadOnlySpan<byte> sql) =>
        Has(sql, "KILL"u8, 0) || Has(sql, "EXECUTE"u8, 1) || Has(sql, "SHUTDOWN"u8, 6) || Has(sql, "RESTART"u8, 2);

    /// <summary>Whether a text may name connections by the numbers that the server has given them.</summary>
    public static bool MayNameConnection(ReadOnlySpan<byte> sql) =>
        MayKill(sql) || Has(sql, "PROCESSLIST"u8, 0) || Has(sql, "THREAD_ID"u8, 6) || (Has(sql, "FOR"u8, 0) && FirstWord(sql) is var first
            && (Ascii.EqualsIgnoreCase(first, "EXPLAIN"u8) || Ascii.EqualsIgnoreCase(first, "SHOW"u8)
                || Ascii.EqualsIgnoreCase(first, "DESCRIBE"u8) || Ascii.EqualsIgnoreCase(first, "DESC"u8)
                || Ascii.EqualsIgnoreCase(first, "ANALYZE"u8)));

    /// <summary>Whether a text is more than one statement.</summary>
    public static bool IsSeveral(ReadOnlySpan<byte> sql)
    {
        if (sql.IndexOf((byte)';') < 0)
            return false;
        var rest = sql;
        Next(ref rest);
        return StartOf(rest) < rest.Length;
    }

    /// <summary>Whether any statement of a text asks its client for a file (LOAD DATA LOCAL, LOAD XML LOCAL).</summary>
    public static bool LoadsLocalFile(ReadOnlySpan<byte> sql)
    {
        if (!Has(sql, "INFILE"u8, 2))
            return false;
        for (var rest = sql; !rest.IsEmpty;)
        {
            var statement = Next(ref rest);
            if (!Ascii.EqualsIgnoreCase(FirstWord(statement), "LOAD"))
                continue;
            var text = Encoding.UTF8.GetString(statement);
            var infile = text.IndexOf("INFILE", StringComparison.OrdinalIgnoreCase);
            if (infile > 0 && text[..infile].Contains("LOCAL", StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>The first statement of a text; the text goes on behind its semicolon.</summary>
    public static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (true)
        {
            var mark = text[at..].IndexOfAny(Marks);
            if (mark < 0)
                return All(ref text);
            at += mark;
            var next = at + 1 < text.Length ? text[at + 1] : (byte)0;
            switch (text[at])
            {
                case (byte)';':
                    var statement = text[..at];
                    text = text[(at + 1)..];
                    return statement;
                case (byte)'#':
                case (byte)'-' when IsLineComment(text[at..]):
                    at = After(text, at, "\n"u8);
                    break;
                case (byte)'/' when next == '*':
                    at = After(text, at + 2, "*/"u8);
                    break;
                case (byte)'-' or (byte)'/':
                    at++;
                    break;
                default:
                    at = AfterQuoted(text, at);
                    break;
            }
        }
    }

    /// <summary>A statement's first word, in whatever comments and brackets; of a comment that is executed, the first in it.</summary>
    public static ReadOnlySpan<byte> FirstWord(ReadOnlySpan<byte> sql)
    {
        var at = StartOf(sql);
        var end = at;
        while (end < sql.Length && char.IsAsciiLetter((char)sql[end]))
            end++;
        return sql[at..end];
    }

    /// <summary>Where a statement's first word begins.</summary>
    public static int StartOf(ReadOnlySpan<byte> sql)
    {
        var at = 0;
        while (at < sql.Length)
        {
            if (sql[at] is <= (byte)' ' or (byte)'(')
                at++;
            else if (sql[at] == '#' || IsLineComment(sql[at..]))
                at = After(sql, at, "\n"u8);
            else if (sql[at..].StartsWith("/*!"u8) || sql[at..].StartsWith("/*M!"u8))
                at = AfterDigits(sql, at + (sql[at + 2] == 'M' ? 4 : 3));
            else if (sql[at..].StartsWith("/*"u8))
                at = After(sql, at + 2, "*/"u8);
            else
                break;
        }

        return at;
    }

    private static ReadOnlySpan<byte> All(ref ReadOnlySpan<byte> text)
    {
        var all = text;
        text = [];
        return all;
    }

    private static int After(ReadOnlySpan<byte> text, int from, ReadOnlySpan<byte> end)
    {
        var found = text[Math.Min(from, text.Length)..].IndexOf(end);
        return found < 0 ? text.Length : from + found + end.Length;
    }

    private static int AfterDigits(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && char.IsAsciiDigit((char)text[at]))
            at++;
        return at;
    }

    private static int AfterQuoted(ReadOnlySpan<byte> text, int from)
    {
        var quote = text[from];
        for (var at = from + 1; at < text.Length; at++)
        {
            var mark = quote == '`' ? text[at..].IndexOf(quote) : text[at..].IndexOfAny(quote, (byte)'\\');
            if (mark < 0)
                break;
            at += mark;
            if (text[at] == quote)
                return at + 1;
            at++;
        }

        return text.Length;
    }

    /// <summary>Two minus signs are one only with white space behind them.</summary>
    private static bool IsLineComment(ReadOnlySpan<byte> text) =>
        text.StartsWith("--"u8) && (text.Length == 2 || text[2] <= (byte)' ');

    /// <summary>Whether a user's variable is behind an INTO, or behind a comment that may be.</summary>
    private static bool AssignsInto(ReadOnlySpan<byte> sql)
    {
        bool? hasComments = null;
        for (var from = 0; from < sql.Length;)
        {
            var at = sql[from..].IndexOf((byte)'@');
            if (at < 0)
                return false;
            var before = sql[..(from + at)];
            while (!before.IsEmpty && before[^1] <= ' ')
                before = before[..^1];
            if (before.EndsWith("*/"u8) || (before.Length >= 4 && Ascii.EqualsIgnoreCase(before[^4..], "INTO"u8)))
                return true;
            // A comment may end with the line.
            if (sql[before.Length..(from + at)].IndexOf((byte)'\n') >= 0
                && (hasComments ??= sql.IndexOf((byte)'#') >= 0 || sql.IndexOf("--"u8) >= 0))
                return true;
            from += at + 1;
        }

        return false;
    }

    /// <summary>Whether a text has a word, in whatever case.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="word">In upper case.</param>
    /// <param name="rare">Which of its letters is looked for first: one that texts seldom have.</param>
    private static bool Has(ReadOnlySpan<byte> sql, ReadOnlySpan<byte> word, int rare)
    {
        if (sql.Length < word.Length)
            return false;
        var (upper, lower) = (word[rare], (byte)char.ToLowerInvariant((char)word[rare]));
        // Where that letter can be with the whole word around it.
        var looked = sql[rare..(sql.Length - word.Length + rare + 1)];
        for (var from = 0; from < looked.Length; from++)
        {
            var at = looked[from..].IndexOfAny(upper, lower);
            if (at < 0)
                return false;
            from += at;
            if (Ascii.EqualsIgnoreCase(sql.Slice(from, word.Length), word))
                return true;
        }

        return false;
    }
}
