using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// The statements that one connection has prepared in SQL (PREPARE), so that its EXECUTE is known by what it executes. Whether a PREPARE
/// has failed, as where there was one of the name, is not known: then a name has each of the texts.
/// </summary>
internal sealed class PgSqlPrepared
{
    private const int MostTexts = 16;

    private readonly Dictionary<string, List<string>> texts = [];

    /// <summary>Whether a text may prepare a statement, execute one or give one up; told from its bytes.</summary>
    public static bool MayName(ReadOnlySpan<byte> sql) =>
        WordSearch.Contains(sql, "execute"u8, 1) || WordSearch.Contains(sql, "prepare"u8, 0)
        || WordSearch.Contains(sql, "deallocate"u8, 0) || WordSearch.Contains(sql, "discard"u8, 0);

    /// <summary>What was prepared under a name; null where nothing was.</summary>
    public string? Find(string name) => texts.TryGetValue(name, out var known) ? string.Join('\0', known) : null;

    /// <summary>Hears statements, and says what those mean that execute others.</summary>
    /// <param name="statements">In order.</param>
    /// <param name="textOf">What was prepared under a name; empty where nothing was.</param>
    public string Hear(IReadOnlyList<PgSql> statements, Func<string, string> textOf)
    {
        var meaning = "";
        foreach (var statement in statements)
        {
            switch (statement.NameAt(0))
            {
                case "prepare" when statement.NameAt(1) is { } name && !statement.Is(1, "transaction"):
                    Learn(name, statement.Written);
                    break;
                case "deallocate":
                    var place = statement.Is(1, "prepare") && statement.Count > 2 ? 2 : 1;
                    if (statement.Is(place, "all"))
                        texts.Clear();
                    else if (statement.NameAt(place) is { } given)
                        texts.Remove(given);
                    break;
                case "discard" when statement.Is(1, "all"):
                    texts.Clear();
                    break;
                default:
                    // Also EXPLAIN EXECUTE, CREATE TABLE … AS EXECUTE.
                    if (statement.Place("execute", 0, statement.Count) is >= 0 and var execute
                        && statement.NameAt(execute + 1) is { } executed)
                        meaning += textOf(executed) + "\0";
                    break;
            }
        }

        return meaning;
    }

    private void Learn(string name, string text)
    {
        if (!texts.TryGetValue(name, out var known))
            texts[name] = known = [];
        if (!known.Contains(text) && known.Count < MostTexts)
            known.Add(text);
    }
}
