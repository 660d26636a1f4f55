using System.Buffers;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

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

    /// <summary>First words of statements that show what another session does.</summary>
    public static readonly string[] Showing = ["SHOW", "EXPLAIN", "DESCRIBE", "DESC", "ANALYZE"];

    /// <summary>Parts of statements of any kind that leave a variable's value or a named lock.</summary>
    private static ReadOnlySpan<byte> Assignment => ":="u8;

    /// <summary>Whether a statement begins with a word after which its session may be another.</summary>
    /// <param name="sql">The text; may be cut off.</param>
    public static bool BeginsWithChange(ReadOnlySpan<byte> sql) => BeginsWithAny(sql, Changing);

    /// <summary>Whether any statement of a text may leave something in the session.</summary>
    /// <param name="sql">The text; may be cut off.</param>
    /// <param name="isMany">It may be several statements.</param>
    public static bool MayChange(ReadOnlySpan<byte> sql, bool isMany)
    {
        if (BeginsWithChange(sql) || sql.IndexOf(Assignment) >= 0 || WordSearch.Contains(sql, "_lock"u8, 4) || AssignsInto(sql))
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
    private static bool MayKill(ReadOnlySpan<byte> sql) =>
        WordSearch.Contains(sql, "kill"u8, 0) || WordSearch.Contains(sql, "execute"u8, 1)
        || WordSearch.Contains(sql, "shutdown"u8, 6) || WordSearch.Contains(sql, "restart"u8, 2);

    /// <summary>Whether a text may name connections by the numbers that the server has given them.</summary>
    public static bool MayNameConnection(ReadOnlySpan<byte> sql) =>
        MayKill(sql) || WordSearch.Contains(sql, "processlist"u8, 0) || WordSearch.Contains(sql, "thread_id"u8, 6)
        || (WordSearch.Contains(sql, "for"u8, 0) && BeginsWithAny(sql, Showing));

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
        if (!WordSearch.Contains(sql, "infile"u8, 2))
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

    /// <summary>The word behind the first one.</summary>
    public static ReadOnlySpan<byte> SecondWord(ReadOnlySpan<byte> sql) => FirstWord(sql[(StartOf(sql) + FirstWord(sql).Length)..]);

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

    private static bool BeginsWithAny(ReadOnlySpan<byte> sql, string[] words)
    {
        var first = FirstWord(sql);
        foreach (var word in words)
        {
            if (Ascii.EqualsIgnoreCase(first, word))
                return true;
        }

        return false;
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
}
