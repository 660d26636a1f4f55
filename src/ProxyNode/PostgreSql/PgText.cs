using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Texts of a session, whose characters may be of any set (<c>client_encoding</c>), or of none (SQL_ASCII). Where a text is sent on, it is
/// read a byte a character (Latin-1), so that its bytes stay as they are.
/// </summary>
internal static class PgText
{
    /// <summary>A text as it may be shown: what was no character is the sign for that (U+FFFD).</summary>
    public static string Shown(string text) => string.Create(text.Length, text, static (shown, from) =>
    {
        for (var i = 0; i < from.Length; i++)
        {
            var isStray = char.IsLowSurrogate(from[i]) && (i == 0 || !char.IsHighSurrogate(from[i - 1]));
            shown[i] = isStray ? '\uFFFD' : from[i];
        }
    });

    /// <summary>The bytes of a text that was read a byte a character, with a NUL behind them.</summary>
    public static byte[] Terminated(string text)
    {
        var bytes = new byte[text.Length + 1];
        Encoding.Latin1.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>
    /// Whether a text may change the session or say how a transaction goes on: the verbs of its statements are looked at, and a few words
    /// are searched for, without an allocation. True also of some that do not.
    /// </summary>
    public static bool MayMatter(ReadOnlySpan<byte> sql)
    {
        if (WordSearch.Contains(sql, "_config"u8, 0) || WordSearch.Contains(sql, "advisory"u8, 2) || WordSearch.Contains(sql, "temp"u8, 2))
            return true;
        while (true)
        {
            sql = WithoutSpace(sql);
            if (sql.IsEmpty)
                return false;
            if (IsVerb(VerbOf(sql)))
                return true;
            var next = sql.IndexOf((byte)';');
            if (next < 0)
                return false;
            sql = sql[(next + 1)..];
        }
    }

    /// <summary>Whether a statement that SQL has prepared may change the session: all that it can be has other verbs.</summary>
    public static bool MayMatterPrepared(string sql) => sql.Contains("_config", StringComparison.OrdinalIgnoreCase)
        || sql.Contains("advisory", StringComparison.OrdinalIgnoreCase) || sql.Contains("temp", StringComparison.OrdinalIgnoreCase);

    /// <summary>The first word.</summary>
    public static ReadOnlySpan<byte> VerbOf(ReadOnlySpan<byte> sql)
    {
        sql = WithoutSpace(sql);
        var end = sql.IndexOfAny(" \t\r\n\f\v;(/-\0"u8);
        return end < 0 ? sql : sql[..end];
    }

    private static bool IsVerb(ReadOnlySpan<byte> verb) => verb.Length switch
    {
        2 => Is(verb, "DO"u8),
        3 => Is(verb, "SET"u8) || Is(verb, "END"u8),
        4 => Is(verb, "LOAD"u8) || Is(verb, "DROP"u8),
        5 => Is(verb, "RESET"u8) || Is(verb, "BEGIN"u8) || Is(verb, "START"u8) || Is(verb, "ABORT"u8) || Is(verb, "CLOSE"u8),
        6 => Is(verb, "LISTEN"u8) || Is(verb, "COMMIT"u8),
        7 => Is(verb, "PREPARE"u8) || Is(verb, "EXECUTE"u8) || Is(verb, "DECLARE"u8) || Is(verb, "DISCARD"u8) || Is(verb, "RELEASE"u8),
        8 => Is(verb, "UNLISTEN"u8) || Is(verb, "ROLLBACK"u8),
        9 => Is(verb, "SAVEPOINT"u8),
        10 => Is(verb, "DEALLOCATE"u8),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(verb, name);

    /// <summary>From the first word on: without the space and the comments before it.</summary>
    private static ReadOnlySpan<byte> WithoutSpace(ReadOnlySpan<byte> sql)
    {
        while (true)
        {
            sql = sql.TrimStart(" \t\r\n\f\v;\0"u8);
            if (sql.StartsWith("--"u8))
            {
                var end = sql.IndexOfAny((byte)'\n', (byte)'\r');
                sql = end < 0 ? default : sql[end..];
            }
            else if (sql.StartsWith("/*"u8))
            {
                sql = BehindComment(sql);
            }
            else
            {
                return sql;
            }
        }
    }

    private static ReadOnlySpan<byte> BehindComment(ReadOnlySpan<byte> sql)
    {
        var (at, depth) = (0, 0);
        do
        {
            var next = sql[at..].IndexOfAny((byte)'/', (byte)'*');
            if (next < 0 || at + next + 1 >= sql.Length)
                return default;
            at += next;
            var step = (sql[at], sql[at + 1]) switch
            {
                ((byte)'/', (byte)'*') => 1,
                ((byte)'*', (byte)'/') => -1,
                _ => 0,
            };
            depth += step;
            at += step == 0 ? 1 : 2;
        }
        while (depth > 0);
        return sql[at..];
    }
}
