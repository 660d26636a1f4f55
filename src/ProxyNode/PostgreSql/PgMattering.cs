using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// A statement that the protocol has prepared, and that may change the session: it is read when it is prepared, and again only where its
/// values, or what else is prepared, decide what it does.
/// </summary>
internal sealed class PgMattering
{
    /// <summary>Stands for those that are more than are kept of a connection.</summary>
    private static readonly PgMattering Any = new("", null, new PgCommand([PgEffects.Unread]), isWhole: false);

    private readonly PgSql? sql;
    private readonly PgCommand command;
    private readonly bool isWhole;

    private PgMattering(string text, PgSql? sql, PgCommand command, bool isWhole) =>
        (Text, this.sql, this.command, this.isWhole) = (text, sql, command, isWhole);

    /// <summary>The text, a byte a character; of a long one its beginning.</summary>
    public string Text { get; }

    /// <summary>Whether its parameters decide what it does.</summary>
    public bool ReadsValues { get; private init; }

    /// <summary>One that may change the session; null of another.</summary>
    /// <param name="text">The statement.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    /// <param name="isFull">As many as are kept are there: such a one changes the session in a way that is not known.</param>
    public static PgMattering? Of(ReadOnlySpan<byte> text, bool escapes, bool isFull)
    {
        var isWhole = text.Length <= PgEffects.LongestText;
        text = isWhole ? text : text[..PgEffects.LongestText];
        if (!PgText.MayMatter(text))
            return null;
        var read = Encoding.Latin1.GetString(text);
        if (PgSql.Split(read, escapes) is not [var sql, ..])
            return null;
        var executes = sql.Is(0, "execute");
        var command = PgEffects.Of(sql, []);
        if (!executes && !command.Matters)
            return null;
        if (isFull)
            return Any;
        var readsValues = !executes && WordSearch.Contains(text, "_config"u8, 0) && text.Contains((byte)'$');
        return new PgMattering(read, executes || readsValues ? sql : null, isWhole ? command : command.CutOff(), isWhole)
        {
            ReadsValues = readsValues,
        };
    }

    /// <summary>What it does.</summary>
    /// <param name="values">Of its parameters.</param>
    /// <param name="preparedAs">What was prepared under a name, and may change the session.</param>
    public PgCommand Command(IReadOnlyList<string?> values, Func<string, string?> preparedAs)
    {
        if (sql is null)
            return command;
        var read = PgEffects.Of(sql, values, preparedAs);
        return isWhole ? read : read.CutOff();
    }
}
