using System.Text;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// A statement without its values: for people to read, since no pattern tells which of them is a password, and to tell the kind of
/// statement. Where an outline is shown, what is a value with <c>standard_conforming_strings</c> on or off is taken for one.
/// </summary>
internal static class PgOutline
{
    private const char Value = '?';

    private enum Mark : byte
    {
        Plain,
        Comment,
        Value,
        ValueBegins,
    }

    /// <summary>The words of a statement without any value and without comments.</summary>
    /// <param name="sql">The statement; may be cut off.</param>
    public static string Of(string sql)
    {
        sql = PgText.Shown(sql);
        var (marks, outline) = (Marks(sql, isInsideOnly: false), new StringBuilder(sql.Length));
        for (var at = 0; at < sql.Length; at++)
        {
            var isSpace = marks[at] == Mark.Comment || char.IsWhiteSpace(sql[at]) || char.IsControl(sql[at]);
            if (marks[at] is Mark.ValueBegins || (marks[at] == Mark.Value && (at == 0 || marks[at - 1] < Mark.Value)))
                outline.Append(Value);
            else if (marks[at] == Mark.Value)
                continue;
            else if (!isSpace)
                outline.Append(sql[at]);
            else if (outline.Length > 0 && outline[^1] != ' ')
                outline.Append(' ');
        }

        return outline.ToString().Trim();
    }

    /// <summary>Which characters of a statement are of values, without their quotes, or of comments.</summary>
    /// <param name="sql">The statement; may be cut off.</param>
    public static bool[] ValuesIn(string sql) => Array.ConvertAll(Marks(sql, isInsideOnly: true), mark => mark != Mark.Plain);

    /// <summary>
    /// The kind of a statement: its words with a space between them, whatever space and comments were there, and any value the same.
    /// </summary>
    /// <param name="sql">The statement.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    public static string KindOf(string sql, bool escapes)
    {
        var (kind, lexer) = (new StringBuilder(sql.Length), new PgLexer(sql, escapes));
        var (isOperand, hasSign) = (false, false);
        while (lexer.TryRead(out var token))
        {
            var word = sql.AsSpan(token.Start, token.End - token.Start);
            if (!isOperand && !hasSign && word is "-")
            {
                hasSign = true;
                continue;
            }

            // The sign of a number is a part of it.
            if (hasSign && token.Kind != PgTokenKind.Number)
                kind.Append(" -");
            hasSign = false;
            kind.Append(kind.Length == 0 ? "" : " ");
            if (token.Kind is PgTokenKind.Text or PgTokenKind.Number)
                kind.Append(Value);
            else
                kind.Append(word);
            isOperand = token.Kind is not (PgTokenKind.Word or PgTokenKind.Symbol) || word is ")" or "]";
        }

        return kind.ToString();
    }

    private static Mark[] Marks(string sql, bool isInsideOnly)
    {
        var marks = new Mark[sql.Length];
        foreach (var escapes in new[] { false, true })
        {
            var (lexer, behind) = (new PgLexer(sql, escapes), 0);
            while (lexer.TryRead(out var token))
            {
                MarkComments(behind, token.Start);
                behind = token.End;
                if (token.Kind is not (PgTokenKind.Text or PgTokenKind.Number))
                    continue;
                var (from, to) = isInsideOnly ? (token.Content.Start.Value, token.Content.End.Value) : (token.Start, token.End);
                if (from < to && marks[from] < Mark.Value)
                    marks[from] = Mark.ValueBegins;
                for (var i = from + 1; i < to; i++)
                    marks[i] = marks[i] == Mark.ValueBegins ? Mark.ValueBegins : Mark.Value;
            }

            MarkComments(behind, sql.Length);
        }

        return marks;

        void MarkComments(int from, int to)
        {
            for (var i = from; i < to; i++)
                marks[i] = marks[i] == Mark.Plain && !char.IsWhiteSpace(sql[i]) ? Mark.Comment : marks[i];
        }
    }
}
