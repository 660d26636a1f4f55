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
        "SET", "USE", "CREATE", "DROP", "LOCK", "UNLOCK", "PREPARE", "DEALLOCATE", "HANDLER", "FLUSH", "XA", "BEGIN", "START", "CALL",
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
        if (BeginsWithChange(sql) || sql.IndexOf(Assignment) >= 0 || Has(sql, "_LOCK"u8, "_lock"u8, "_Lock"u8)
            || Has(sql, "INTO @"u8, "into @"u8, "Into @"u8))
            return true;
        if (!isMany || sql.IndexOf((byte)';') < 0)
            return false;
        for (var rest = sql; !rest.IsEmpty;)
        {
            if (BeginsWithChange(Next(ref rest)))
                return true;
        }

        return false;
    }

    /// <summary>Whether a text may end another session; most do not, and that is told without an allocation.</summary>
    public static bool MayKill(ReadOnlySpan<byte> sql) => Has(sql, "KILL"u8, "kill"u8, "Kill"u8);

    /// <summary>Whether any statement of a text asks its client for a file (LOAD DATA LOCAL, LOAD XML LOCAL).</summary>
    public static bool LoadsLocalFile(ReadOnlySpan<byte> sql)
    {
        if (!Has(sql, "INFILE"u8, "infile"u8, "Infile"u8))
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
                case (byte)'-' when next == '-':
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
            else if (sql[at] == '#' || sql[at..].StartsWith("--"u8))
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
            var mark = text[at..].IndexOfAny(quote, (byte)'\\');
            if (mark < 0)
                break;
            at += mark;
            if (text[at] == quote)
                return at + 1;
            at++;
        }

        return text.Length;
    }

    private static bool Has(ReadOnlySpan<byte> sql, ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower, ReadOnlySpan<byte> mixed) =>
        sql.IndexOf(lower) >= 0 || sql.IndexOf(upper) >= 0 || sql.IndexOf(mixed) >= 0;
}
