namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Cuts SQL into words as PostgreSQL does (manual, "Lexical Structure"): texts in quotes, with escapes or between dollars, and comments
/// within comments. Reads any text to its end; what has no end goes to it. A character may be one of the text's or one of its bytes: all
/// that matters is ASCII, and whatever is not belongs to a name.
/// </summary>
/// <param name="sql">The text.</param>
/// <param name="escapes">
/// Whether a backslash escapes in a text without a prefix, too (<c>standard_conforming_strings</c> is off).
/// </param>
/// <param name="from">Where to begin.</param>
/// <param name="to">Where to end.</param>
internal struct PgLexer(string sql, bool escapes, int from, int to)
{
    private const string Operators = "+-*/<>=~!@#%^&|`?";

    /// <summary>Operators that contain one of these may end in a sign.</summary>
    private const string SignedOperators = "~!@#%^&|`?";

    /// <summary>Longest operator: no server has longer names. A run of signs is read again for each of them.</summary>
    private const int LongestOperator = 64;

    private int at = from;

    /// <summary>Of a whole text.</summary>
    public PgLexer(string sql, bool escapes)
        : this(sql, escapes, 0, sql.Length)
    {
    }

    /// <summary>Reads the next word; false at the end.</summary>
    public bool TryRead(out PgToken token)
    {
        SkipSpace();
        token = default;
        if (at >= to)
            return false;
        var start = at;
        var c = sql[at];
        token = c switch
        {
            '\'' => Quoted(start, start, '\'', escapes, PgTokenKind.Text),
            '"' => Quoted(start, start, '"', false, PgTokenKind.Name),
            '$' => Dollar(start),
            _ when BeginsName(c) => Word(start, c),
            _ when char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Next(1))) => Number(start),
            _ => Symbol(start, c),
        };
        at = token.End;
        return true;
    }

    /// <summary>Whether a character belongs to a name; a byte that is not ASCII does.</summary>
    public static bool IsOfName(char c) => BeginsName(c) || char.IsAsciiDigit(c) || c == '$';

    private static bool BeginsName(char c) => char.IsAsciiLetter(c) || c is '_' or >= '\x80';

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f' or '\v' or '\0';

    private readonly char Next(int distance) => at + distance < to ? sql[at + distance] : '\0';

    private void SkipSpace()
    {
        while (at < to)
        {
            if (IsSpace(sql[at]))
            {
                at++;
            }
            else if (sql[at] == '-' && Next(1) == '-')
            {
                var end = sql.AsSpan(at, to - at).IndexOfAny('\n', '\r');
                at = end < 0 ? to : at + end;
            }
            else if (sql[at] == '/' && Next(1) == '*')
            {
                SkipComment();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Comments nest, unlike the standard's.</summary>
    private void SkipComment()
    {
        var depth = 0;
        do
        {
            var (one, other) = (sql[at], Next(1));
            var step = (one, other) switch
            {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            depth += step;
            at += step == 0 ? 1 : 2;
        }
        while (depth > 0 && at < to);
        at = Math.Min(at, to);
    }

    private readonly PgToken Word(int start, char c)
    {
        if (c is 'e' or 'E' or 'b' or 'B' or 'x' or 'X' or 'n' or 'N' && Next(1) == '\'')
            return Quoted(start, start + 1, '\'', c is 'e' or 'E' || (c is 'n' or 'N' && escapes), PgTokenKind.Text);
        if (c is 'u' or 'U' && Next(1) == '&' && Next(2) is '\'' or '"')
            return Quoted(start, start + 2, Next(2), false, Next(2) == '"' ? PgTokenKind.Name : PgTokenKind.Text);
        var end = start + 1;
        while (end < to && IsOfName(sql[end]))
            end++;
        return new PgToken(PgTokenKind.Word, start, end, start..end);
    }

    private readonly PgToken Quoted(int start, int open, char quote, bool hasEscapes, PgTokenKind kind)
    {
        for (var i = open + 1; i < to; i++)
        {
            if (hasEscapes && sql[i] == '\\')
                i++;
            else if (sql[i] == quote && i + 1 < to && sql[i + 1] == quote)
                i++;
            else if (sql[i] == quote)
                return new PgToken(kind, start, i + 1, (open + 1)..i);
        }

        return new PgToken(kind, start, to, (open + 1)..to);
    }

    /// <summary>A parameter, or a text between two of the same tag, such as <c>$$</c> or <c>$body$</c>.</summary>
    private readonly PgToken Dollar(int start)
    {
        var end = start + 1;
        if (char.IsAsciiDigit(Next(1)))
        {
            while (end < to && char.IsAsciiDigit(sql[end]))
                end++;
            return new PgToken(PgTokenKind.Parameter, start, end, start..end);
        }

        while (end < to && (BeginsName(sql[end]) || (end > start + 1 && char.IsAsciiDigit(sql[end]))))
            end++;
        if (end >= to || sql[end] != '$')
            return new PgToken(PgTokenKind.Symbol, start, start + 1, start..(start + 1));
        var inside = end + 1;
        var tag = sql.AsSpan(start, inside - start);
        var close = sql.AsSpan(inside, to - inside).IndexOf(tag, StringComparison.Ordinal);
        return close < 0
            ? new PgToken(PgTokenKind.Text, start, to, inside..to)
            : new PgToken(PgTokenKind.Text, start, inside + close + tag.Length, inside..(inside + close));
    }

    private readonly PgToken Number(int start)
    {
        var end = start;
        if (sql[start] == '0' && Next(1) is 'x' or 'X' or 'o' or 'O' or 'b' or 'B')
        {
            for (end += 2; end < to && (char.IsAsciiHexDigit(sql[end]) || sql[end] == '_'); end++)
            {
            }

            return new PgToken(PgTokenKind.Number, start, end, start..end);
        }

        end = EndOfDigits(end);
        // Two points are a range of PL/pgSQL's.
        if (end < to && sql[end] == '.' && !(end + 1 < to && sql[end + 1] == '.'))
            end = EndOfDigits(end + 1);
        if (end < to && sql[end] is 'e' or 'E')
        {
            var exponent = end + 1 < to && sql[end + 1] is '+' or '-' ? end + 2 : end + 1;
            if (exponent < to && char.IsAsciiDigit(sql[exponent]))
                end = EndOfDigits(exponent);
        }

        return new PgToken(PgTokenKind.Number, start, end, start..end);
    }

    private readonly int EndOfDigits(int end)
    {
        while (end < to && (char.IsAsciiDigit(sql[end]) || sql[end] == '_'))
            end++;
        return end;
    }

    private readonly PgToken Symbol(int start, char c)
    {
        var end = start + 1;
        if ((c == ':' && Next(1) is ':' or '=') || (c == '.' && Next(1) == '.'))
        {
            end++;
        }
        else if (Operators.Contains(c, StringComparison.Ordinal))
        {
            while (end < to && end - start < LongestOperator && Operators.Contains(sql[end], StringComparison.Ordinal)
                && !(end + 1 < to && ((sql[end] == '-' && sql[end + 1] == '-') || (sql[end] == '/' && sql[end + 1] == '*'))))
                end++;
            // A sign at the end belongs to what follows.
            if (sql.AsSpan(start, end - start).IndexOfAny(SignedOperators) < 0)
            {
                while (end > start + 1 && sql[end - 1] is '+' or '-')
                    end--;
            }
        }

        return new PgToken(PgTokenKind.Symbol, start, end, start..end);
    }
}
