using System.Globalization;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>One statement of a text, in words.</summary>
/// <param name="text">The text, which may have others.</param>
/// <param name="tokens">Its words.</param>
internal sealed class PgSql(string text, IReadOnlyList<PgToken> tokens)
{
    /// <summary>The text that it is of.</summary>
    public string Text => text;

    /// <summary>Most parentheses and casts around a word that are looked into.</summary>
    private const int MostAround = 32;

    /// <summary>Most words that one word with all around it has: what is longer is more than one.</summary>
    private const int MostPlain = 64;

    /// <summary>Words that it has: at least one.</summary>
    public int Count => tokens.Count;

    /// <summary>A word.</summary>
    public PgToken this[int place] => tokens[place];

    /// <summary>It, without what is before and behind it.</summary>
    public string Written => Slice(0, Count);

    /// <summary>
    /// The statements of a text. A semicolon parts them, but for one within parentheses (CREATE RULE) or in the body of a function that is
    /// in SQL (BEGIN ATOMIC). What has no words is none, as for the server.
    /// </summary>
    /// <param name="sql">The text.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    public static List<PgSql> Split(string sql, bool escapes = false) => Split(sql, escapes, 0..sql.Length);

    /// <summary>The statements of a part of a text.</summary>
    public static List<PgSql> Split(string sql, bool escapes, Range part)
    {
        var (statements, tokens) = (new List<PgSql>(1), new List<PgToken>());
        var lexer = new PgLexer(sql, escapes, part.Start.Value, part.End.Value);
        var (parentheses, blocks) = (0, 0);
        while (lexer.TryRead(out var token))
        {
            var word = sql.AsSpan(token.Start, token.End - token.Start);
            if (token.Kind == PgTokenKind.Symbol && word is ";" && parentheses <= 0 && blocks == 0)
            {
                End();
                continue;
            }

            if (token.Kind == PgTokenKind.Symbol)
                parentheses += word is "(" ? 1 : word is ")" ? -1 : 0;
            else if (token.Kind == PgTokenKind.Word && tokens.Count > 1 && Same(sql, tokens[0], "create"))
                blocks += BlocksOf(word, blocks, sql, tokens);
            tokens.Add(token);
        }

        End();
        return statements;

        void End()
        {
            if (tokens.Count > 0)
                statements.Add(new PgSql(sql, tokens));
            tokens = [];
            (parentheses, blocks) = (0, 0);
        }
    }

    /// <summary>Whether a word is a certain key word.</summary>
    public bool Is(int place, string word) =>
        place >= 0 && place < Count && tokens[place].Kind == PgTokenKind.Word && Same(text, tokens[place], word);

    /// <summary>Whether a word is one of some key words.</summary>
    public bool Is(int place, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (Is(place, word))
                return true;
        }

        return false;
    }

    /// <summary>Whether a word is a certain operator or bracket.</summary>
    public bool IsSymbol(int place, string symbol) => place >= 0 && place < Count && tokens[place].Kind == PgTokenKind.Symbol
        && text.AsSpan(tokens[place].Start, tokens[place].End - tokens[place].Start).SequenceEqual(symbol);

    /// <summary>Whether a word is one of some operators or brackets.</summary>
    public bool IsSymbol(int place, params ReadOnlySpan<string> symbols)
    {
        foreach (var symbol in symbols)
        {
            if (IsSymbol(place, symbol))
                return true;
        }

        return false;
    }

    /// <summary>What a word names, as the server does: without quotes, and else in lower case; null where it is no name.</summary>
    public string? NameAt(int place)
    {
        if (place < 0 || place >= Count)
            return null;
        var token = tokens[place];
        return token.Kind switch
        {
            PgTokenKind.Word => Lower(text[token.Content]),
            PgTokenKind.Name => text[token.Content].Replace("\"\"", "\"", StringComparison.Ordinal),
            _ => null,
        };
    }

    /// <summary>The number of a parameter ($1 is the first); null where a word is none, or one that no statement has.</summary>
    public int? ParameterAt(int place)
    {
        if (place < 0 || place >= Count || tokens[place].Kind != PgTokenKind.Parameter)
            return null;
        var digits = text.AsSpan(tokens[place].Start + 1, tokens[place].End - tokens[place].Start - 1);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    /// <summary>The last of several names with points between them, such as a table's behind its schema's, and what is before it.</summary>
    /// <param name="place">Of the first; then behind the last.</param>
    public (string? Schema, string? Name) QualifiedAt(ref int place)
    {
        var (schema, name) = ((string?)null, NameAt(place++));
        while (IsSymbol(place, ".") && NameAt(place + 1) is { } next)
        {
            (schema, name) = (name, next);
            place += 2;
        }

        return (schema, name);
    }

    /// <summary>What a text says, without quotes; its escapes are left as they are.</summary>
    public string ContentAt(int place) => text[tokens[place].Start] == '$' || text[tokens[place].End - 1] != '\''
        ? text[tokens[place].Content]
        : text[tokens[place].Content].Replace("''", "'", StringComparison.Ordinal);

    /// <summary>Words from one to another, as they are written.</summary>
    public string Slice(int from, int to) => from >= to ? "" : text[tokens[from].Start..tokens[to - 1].End];

    /// <summary>Behind the bracket that closes the one at a place; the end where none does.</summary>
    public int EndOfGroup(int open)
    {
        var depth = 0;
        for (var i = open; i < Count; i++)
        {
            if (IsSymbol(i, "(", "["))
                depth++;
            else if (IsSymbol(i, ")", "]") && --depth == 0)
                return i + 1;
        }

        return Count;
    }

    /// <summary>The arguments in the parentheses that open at a place, each from its first word to behind its last.</summary>
    public List<(int From, int To)> ArgumentsAt(int open)
    {
        var arguments = new List<(int, int)>();
        var (end, from) = (EndOfGroup(open), open + 1);
        var last = IsSymbol(end - 1, ")") ? end - 1 : end;
        for (var i = from; i < last; i++)
        {
            if (IsSymbol(i, "(", "["))
            {
                i = EndOfGroup(i) - 1;
            }
            else if (IsSymbol(i, ","))
            {
                arguments.Add((from, i));
                from = i + 1;
            }
        }

        if (from < last)
            arguments.Add((from, last));
        return arguments;
    }

    /// <summary>
    /// The one word that an expression is when its parentheses and casts are left out: <c>('7')::int</c>, <c>CAST($1 AS int)</c>,
    /// <c>int '7'</c>; -1 where it is more.
    /// </summary>
    public int PlainAt(int from, int to)
    {
        if (to - from > MostPlain)
            return -1;
        for (var around = 0; from < to && around < MostAround; around++)
        {
            if (to - from == 1)
                return from;
            if (IsSymbol(from, "(") && EndOfGroup(from) == to)
                (from, to) = (from + 1, to - 1);
            else if (Is(from, "cast") && IsSymbol(from + 1, "(") && EndOfGroup(from + 1) == to && Place("as", from, to) is > 0 and var @as)
                (from, to) = (from + 2, @as);
            else if (PlaceOfSymbol("::", from, to) is > 0 and var cast)
                to = cast;
            else if (to - from == 2 && NameAt(from) is not null && tokens[from + 1].Kind == PgTokenKind.Text)
                from++;
            else if (IsSymbol(from, "+"))
                from++;
            else
                return -1;
        }

        return -1;
    }

    /// <summary>Where a key word is; -1 where it is not.</summary>
    public int Place(string word, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (Is(i, word))
                return i;
        }

        return -1;
    }

    /// <summary>A name without quotes in lower case: ASCII only, whatever characters the text is in.</summary>
    public static string Lower(string name) => string.Create(name.Length, name, static (lower, from) =>
    {
        for (var i = 0; i < from.Length; i++)
            lower[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
    });

    /// <summary>The last such cast that is not within brackets.</summary>
    private int PlaceOfSymbol(string symbol, int from, int to)
    {
        var last = -1;
        for (var i = from; i < to; i++)
        {
            if (IsSymbol(i, "(", "["))
                i = EndOfGroup(i) - 1;
            else if (IsSymbol(i, symbol))
                last = i;
            else if (last >= 0 && tokens[i].Kind is not (PgTokenKind.Word or PgTokenKind.Name) && !IsSymbol(i, "."))
                return -1;
        }

        return last;
    }

    private static int BlocksOf(ReadOnlySpan<char> word, int blocks, string sql, List<PgToken> tokens)
    {
        if (word.Equals("begin", StringComparison.OrdinalIgnoreCase))
            return IsRoutine(1) || (tokens.Count > 3 && Same(sql, tokens[1], "or") && IsRoutine(3)) ? 1 : 0;
        if (blocks > 0 && word.Equals("case", StringComparison.OrdinalIgnoreCase))
            return 1;
        return blocks > 0 && word.Equals("end", StringComparison.OrdinalIgnoreCase) ? -1 : 0;

        bool IsRoutine(int place) => Same(sql, tokens[place], "function") || Same(sql, tokens[place], "procedure");
    }

    private static bool Same(string sql, PgToken token, string word) => token.End - token.Start == word.Length
        && sql.AsSpan(token.Start, word.Length).Equals(word, StringComparison.OrdinalIgnoreCase);
}
