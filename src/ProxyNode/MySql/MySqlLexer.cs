using System.Buffers.Text;
using System.Text;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Cuts a text into words as a server does (manuals, "Language Structure"): what is in quotes is one word as it is written, comments are
/// none, and those for some versions are what is in them. Only for texts of which <see cref="MySqlWords"/> says that they matter.
/// </summary>
internal static class MySqlLexer
{
    private const int LongestVersion = 6;

    /// <summary>All words of a text.</summary>
    /// <param name="sql">One statement, or several.</param>
    /// <param name="dialect">How the server reads it.</param>
    public static List<MySqlToken> Read(ReadOnlySpan<byte> sql, in MySqlDialect dialect)
    {
        var tokens = new List<MySqlToken>();
        var (isApart, depth) = (false, 0);
        for (var at = 0; at < sql.Length;)
        {
            var gap = AfterGap(sql, at, dialect, ref depth);
            if (gap > at)
            {
                (at, isApart) = (gap, true);
                continue;
            }

            var (kind, end) = WordAt(sql, at, dialect);
            var raw = LosslessText.Of(sql[at..end]);
            tokens.Add(new MySqlToken(kind, raw, TextOf(kind, raw), at, end, isApart));
            (at, isApart) = (end, false);
        }

        return tokens;
    }

    /// <summary>Words as one text: in between is one space where there was any, or a comment.</summary>
    public static string Join(ReadOnlySpan<MySqlToken> tokens)
    {
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            if (token.IsApart && text.Length > 0)
                text.Append(' ');
            text.Append(token.Raw);
        }

        return text.ToString();
    }

    /// <summary>The first of several statements; the tokens go on behind its semicolon.</summary>
    public static ReadOnlySpan<MySqlToken> Next(ref ReadOnlySpan<MySqlToken> tokens)
    {
        var statement = tokens[..EndOfStatement(tokens)];
        tokens = tokens[Math.Min(statement.Length + 1, tokens.Length)..];
        return statement;
    }

    /// <summary>
    /// Where the first of several statements ends: at its semicolon, or with the text where it may be that of a routine, or of a block, in
    /// which there are others.
    /// </summary>
    private static int EndOfStatement(ReadOnlySpan<MySqlToken> tokens)
    {
        var isBlock = tokens.Length > 1 && tokens[0].Is("BEGIN") && tokens[1].Is("NOT");
        var isDefinition = !tokens.IsEmpty && tokens[0].IsAny("CREATE", "ALTER");
        for (var at = 0; at < tokens.Length; at++)
        {
            isBlock |= isDefinition && tokens[at].IsAny("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE");
            if (isBlock && tokens[at].Is("BEGIN"))
                return tokens.Length;
            if (tokens[at].IsMark(";"))
                return at;
        }

        return tokens.Length;
    }

    /// <summary>A statement without the settings in front of it that hold for it only (MariaDB: SET STATEMENT … FOR).</summary>
    public static ReadOnlySpan<MySqlToken> WithoutOwnSettings(ReadOnlySpan<MySqlToken> statement)
    {
        while (statement.Length > 1 && statement[0].Is("SET") && statement[1].Is("STATEMENT"))
        {
            var at = 2;
            while (at < statement.Length && !statement[at].Is("FOR"))
                at++;
            statement = statement[Math.Min(at + 1, statement.Length)..];
        }

        return statement;
    }

    /// <summary>What a string stands for.</summary>
    /// <param name="raw">As it is written.</param>
    /// <param name="dialect">How the server reads it.</param>
    public static string ValueOf(string raw, in MySqlDialect dialect)
    {
        var value = new StringBuilder(raw.Length);
        for (var at = 1; at < raw.Length - 1; at++)
        {
            if (raw[at] == '\\' && !dialect.KeepsBackslashes)
            {
                at++;
                value.Append(raw[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '0' => '\0', 'b' => '\b', 'Z' => '\x1A', var c => c });
                continue;
            }

            value.Append(raw[at]);
            if (raw[at] == raw[0])
                at++;
        }

        return value.ToString();
    }

    /// <summary>Behind white space, a comment, or either end of a comment that is executed; the same place where there is none.</summary>
    private static int AfterGap(ReadOnlySpan<byte> sql, int at, in MySqlDialect dialect, ref int depth)
    {
        var rest = sql[at..];
        if (rest[0] <= ' ')
        {
            var end = rest.IndexOfAnyExceptInRange((byte)0, (byte)' ');
            return end < 0 ? sql.Length : at + end;
        }

        if (rest[0] == '#' || (rest.StartsWith("--"u8) && (rest.Length == 2 || rest[2] <= ' ')))
        {
            var end = rest.IndexOf((byte)'\n');
            return end < 0 ? sql.Length : at + end + 1;
        }

        if (depth > 0 && rest.StartsWith("*/"u8))
        {
            depth--;
            return at + 2;
        }

        if (!rest.StartsWith("/*"u8))
            return at;
        var isOfMariaDb = rest.StartsWith("/*M!"u8);
        if (isOfMariaDb || rest.StartsWith("/*!"u8))
        {
            var from = at + (isOfMariaDb ? 4 : 3);
            var digits = sql[from..Math.Min(from + LongestVersion, sql.Length)];
            if (!Utf8Parser.TryParse(digits, out int version, out var length))
                (version, length) = (0, 0);
            if (dialect.Executes(version, isOfMariaDb))
            {
                depth++;
                return from + length;
            }
        }

        var close = rest[2..].IndexOf("*/"u8);
        return close < 0 ? sql.Length : at + 2 + close + 2;
    }

    private static (MySqlTokenKind Kind, int End) WordAt(ReadOnlySpan<byte> sql, int at, in MySqlDialect dialect)
    {
        var next = at + 1 < sql.Length ? sql[at + 1] : (byte)0;
        switch (sql[at])
        {
            case (byte)'\'':
                return (MySqlTokenKind.String, AfterQuoted(sql, at, !dialect.KeepsBackslashes));
            case (byte)'"' when !dialect.QuotesNames:
                return (MySqlTokenKind.String, AfterQuoted(sql, at, !dialect.KeepsBackslashes));
            case (byte)'"' or (byte)'`':
                return (MySqlTokenKind.Name, AfterQuoted(sql, at, escapes: false));
            case (byte)'@' when next == '@' && AfterSystem(sql, at + 2) is var end && end > at + 2:
                return (MySqlTokenKind.System, end);
            case (byte)'@' when next is (byte)'\'' or (byte)'"':
                return (MySqlTokenKind.Variable, AfterQuoted(sql, at + 1, !dialect.KeepsBackslashes));
            case (byte)'@' when next == '`':
                return (MySqlTokenKind.Variable, AfterQuoted(sql, at + 1, escapes: false));
            case (byte)'@' when next == '.' || IsOfName(next):
                return (MySqlTokenKind.Variable, AfterName(sql, at + 1, withDots: true));
            case (byte)':' when next == '=':
                return (MySqlTokenKind.Mark, at + 2);
            case (byte)'.' when IsDigit(next):
                return (MySqlTokenKind.Number, AfterDigits(sql, at + 1));
            case var first when IsDigit(first):
                return NumberAt(sql, at);
            case var first when IsOfName(first):
                return (MySqlTokenKind.Word, AfterName(sql, at, withDots: false));
            default:
                return (MySqlTokenKind.Mark, at + 1);
        }
    }

    /// <summary>What begins with a digit is a name where anything but digits follows, as in <c>1st</c>.</summary>
    private static (MySqlTokenKind Kind, int End) NumberAt(ReadOnlySpan<byte> sql, int at)
    {
        var end = AfterName(sql, at, withDots: false);
        var digits = AfterDigits(sql, at);
        if (digits < end)
            return (sql[at] == '0' && sql[at + 1] is (byte)'x' or (byte)'b' ? MySqlTokenKind.Number : MySqlTokenKind.Word, end);
        return (MySqlTokenKind.Number, end < sql.Length && sql[end] == '.' ? AfterDigits(sql, end + 1) : end);
    }

    /// <summary>Behind <c>session.name</c>, with or without quotes.</summary>
    private static int AfterSystem(ReadOnlySpan<byte> sql, int from)
    {
        for (var at = from; ;)
        {
            var end = at < sql.Length && sql[at] == '`' ? AfterQuoted(sql, at, escapes: false) : AfterName(sql, at, withDots: false);
            if (end == at || end >= sql.Length || sql[end] != '.')
                return end;
            at = end + 1;
        }
    }

    private static string TextOf(MySqlTokenKind kind, string raw) => kind switch
    {
        MySqlTokenKind.Name => Unquoted(raw),
        MySqlTokenKind.Variable => "@" + Unquoted(raw[1..]).ToLowerInvariant(),
        MySqlTokenKind.System => raw[2..].Replace("`", "", StringComparison.Ordinal).ToLowerInvariant(),
        _ => raw,
    };

    private static string Unquoted(string raw)
    {
        if (raw[0] is not ('`' or '"' or '\''))
            return raw;
        var inside = raw.Length > 1 && raw[^1] == raw[0] ? raw[1..^1] : raw[1..];
        return inside.Replace(new string(raw[0], 2), raw[..1], StringComparison.Ordinal);
    }

    private static int AfterQuoted(ReadOnlySpan<byte> sql, int from, bool escapes)
    {
        var quote = sql[from];
        for (var at = from + 1; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
                at++;
            else if (sql[at] == quote && (at + 1 == sql.Length || sql[at + 1] != quote))
                return at + 1;
            else if (sql[at] == quote)
                at++;
        }

        return sql.Length;
    }

    private static int AfterName(ReadOnlySpan<byte> sql, int from, bool withDots)
    {
        var at = from;
        while (at < sql.Length && (IsOfName(sql[at]) || (withDots && sql[at] == '.')))
            at++;
        return at;
    }

    private static int AfterDigits(ReadOnlySpan<byte> sql, int from)
    {
        var at = from;
        while (at < sql.Length && IsDigit(sql[at]))
            at++;
        return at;
    }

    private static bool IsDigit(byte c) => char.IsAsciiDigit((char)c);

    private static bool IsOfName(byte c) => c >= 0x80 || char.IsAsciiLetterOrDigit((char)c) || c is (byte)'_' or (byte)'$';
}
