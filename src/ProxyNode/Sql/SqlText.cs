using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Replaying.Ordering;

namespace JustRunIt.ProxyNode.Sql;

/// <summary>What can be said of a statement without knowing the schema.</summary>
internal static partial class SqlText
{
    /// <summary>The statement without its literals: what it is when only values differ.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="quotesValues">Whether what is in double quotes is a value, as in MySQL, and not a name, as in the standard.</param>
    public static string WithoutLiterals(string sql, bool quotesValues) =>
        Spaces().Replace((quotesValues ? AllLiterals() : Literals()).Replace(sql, "?"), " ").Trim();

    /// <summary>
    /// Whether the order of this statement among those of other connections can matter: it reads, writes, locks, or ends a
    /// transaction (§2.2.1). A statement that is not understood may write.
    /// </summary>
    public static SqlOrder OrderOf(string sql)
    {
        var words = LeadingComments().Replace(sql, "").TrimStart(' ', '\t', '\r', '\n', '(');
        var end = words.AsSpan().IndexOfAny(" \t\r\n;(");
        var verb = (end < 0 ? words : words[..end]).ToUpperInvariant();
        return verb switch
        {
            "SHOW" or "DESCRIBE" or "DESC" or "USE" or "SET" or "VALUES" or "DEALLOCATE" or "FETCH" or "CLOSE" or "DISCARD" or "RESET"
                or "" => SqlOrder.Any,
            "COMMIT" or "ROLLBACK" or "END" or "ABORT" or "BEGIN" or "START" or "UNLOCK" => SqlOrder.EndsTransaction,
            "SELECT" or "TABLE" => Locking().IsMatch(words) ? SqlOrder.Ordered : SqlOrder.Reads,
            "WITH" or "EXPLAIN" => Writing().IsMatch(words) || Locking().IsMatch(words) ? SqlOrder.Ordered : SqlOrder.Reads,
            _ => SqlOrder.Ordered,
        };
    }

    [GeneratedRegex(
        @"'(?:[^'\\]|\\.|'')*'|\b0x[0-9a-fA-F]+\b|(?<![A-Za-z_0-9$?])-?\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\b",
        RegexOptions.CultureInvariant)]
    private static partial Regex Literals();

    [GeneratedRegex(
        @"'(?:[^'\\]|\\.|'')*'|""(?:[^""\\]|\\.|"""")*""|\b0x[0-9a-fA-F]+\b"
        + @"|(?<![A-Za-z_0-9$?])-?\b[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\b",
        RegexOptions.CultureInvariant)]
    private static partial Regex AllLiterals();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\A(?:\s+|/\*.*?\*/|--[^\n]*\n|#[^\n]*\n)+", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex LeadingComments();

    [GeneratedRegex(
        @"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE|KEY\s+SHARE)\b|\bLOCK\s+IN\s+SHARE\s+MODE\b|\bINTO\b"
        + @"|\b(?:nextval|setval|get_lock|release_lock)\s*\(",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Locking();

    [GeneratedRegex(@"\b(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Writing();
}
