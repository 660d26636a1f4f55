using System.Text;
using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// What a session has besides its prepared statements (PostgreSQL manual, "DISCARD"): settings, what it listens to, and what no statement
/// can make again: temporary tables, advisory locks, cursors that outlive their transaction. A statement counts once its request was
/// answered without an error.
/// </summary>
internal sealed partial class PgSessionState
{
    /// <summary>Longest statement that is looked at, in bytes.</summary>
    public const int Longest = 4096;

    private const int MostStatements = 256;

    private readonly List<string> statements = [];
    private readonly Queue<(long Request, string Sql)> asked = new();
    private readonly PgStatements prepared;
    private readonly HashSet<string> temporary = new(StringComparer.OrdinalIgnoreCase);
    private string? lost;
    private int locks;
    private long ended;

    /// <summary>Of a connection whose prepared statements are given up with the rest.</summary>
    public PgSessionState(PgStatements prepared) => this.prepared = prepared;

    /// <summary>What is said to a new connection, in order, so that it has the session's settings.</summary>
    public IReadOnlyList<string> Statements => statements;

    /// <summary>What a new connection cannot be given; null when nothing.</summary>
    public string? Lost => lost ?? (temporary.Count > 0 ? "a temporary table" : locks > 0 ? "an advisory lock" : null);

    private static ReadOnlySpan<byte> Space => " \t\r\n;\0"u8;

    /// <summary>
    /// Whether a statement, or one of several, may change the session: its verb is looked at, and a few words are searched for.
    /// </summary>
    public static bool MayMatter(ReadOnlySpan<byte> sql)
    {
        while (true)
        {
            sql = WithoutComment(sql);
            if (sql.IsEmpty)
                return false;
            if (IsVerb(sql))
                return true;
            var next = sql.IndexOf((byte)';');
            if (next < 0)
                return false;
            sql = sql[next..];
        }
    }

    private static bool IsVerb(ReadOnlySpan<byte> sql)
    {
        var end = sql.IndexOfAny(" \t\r\n;(\0"u8);
        var verb = end < 0 ? sql : sql[..end];
        return verb.Length switch
        {
            2 => Is(verb, "DO"u8) && CallsForState(sql),
            3 => Is(verb, "SET"u8),
            4 => Is(verb, "LOAD"u8) || Is(verb, "DROP"u8) || ((Is(verb, "WITH"u8) || Is(verb, "CALL"u8)) && CallsForState(sql)),
            5 => Is(verb, "RESET"u8),
            6 => Is(verb, "LISTEN"u8) || (Is(verb, "CREATE"u8) && HasTemporary(sql))
                || (Is(verb, "SELECT"u8) && (CallsForState(sql) || HasTemporary(sql))),
            7 => Is(verb, "PREPARE"u8) || Is(verb, "DECLARE"u8) || Is(verb, "DISCARD"u8),
            8 => Is(verb, "UNLISTEN"u8),
            10 => Is(verb, "DEALLOCATE"u8),
            _ => false,
        };
    }

    private static bool Is(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(verb, name);

    private static bool CallsForState(ReadOnlySpan<byte> sql) =>
        sql.IndexOf("advisory"u8) >= 0 || sql.IndexOf("set_config"u8) >= 0
        || sql.IndexOf("ADVISORY"u8) >= 0 || sql.IndexOf("SET_CONFIG"u8) >= 0;

    private static bool HasTemporary(ReadOnlySpan<byte> sql) => sql.IndexOf(" temp"u8) >= 0 || sql.IndexOf(" TEMP"u8) >= 0;

    private static ReadOnlySpan<byte> WithoutComment(ReadOnlySpan<byte> sql)
    {
        while (true)
        {
            sql = sql.TrimStart(Space);
            var length = sql.StartsWith("/*"u8) ? sql.IndexOf("*/"u8) + 2 : sql.StartsWith("--"u8) ? sql.IndexOf((byte)'\n') + 1 : 0;
            // One without an end is all that there is.
            if (length <= 2 && (sql.StartsWith("/*"u8) || sql.StartsWith("--"u8)))
                return default;
            if (length == 0)
                return sql;
            sql = sql[length..];
        }
    }

    /// <summary>Takes over what another connection of the same session had.</summary>
    public void Continue(PgSessionState other)
    {
        statements.AddRange(other.statements);
        temporary.UnionWith(other.temporary);
        (lost, locks) = (other.lost, other.locks);
    }

    /// <summary>A statement was asked for that <see cref="MayMatter"/>.</summary>
    /// <param name="request">The number of its request.</param>
    /// <param name="sql">The statement, or several.</param>
    public void Ask(long request, ReadOnlySpan<byte> sql) => asked.Enqueue((request, Encoding.UTF8.GetString(sql)));

    /// <summary>The oldest unanswered request was answered.</summary>
    /// <param name="isError">With an error: nothing of it counts.</param>
    public void ReplyEnded(bool isError)
    {
        ended++;
        while (asked.TryPeek(out var next) && next.Request <= ended)
        {
            asked.Dequeue();
            if (isError)
                continue;
            foreach (var statement in Split(next.Sql))
                Take(statement);
        }
    }

    private void Take(string sql)
    {
        var match = Kinds().Match(sql);
        if (!match.Success)
            return;
        if (match.Groups["local"].Success)
            return;
        if (match.Groups["all"].Success)
        {
            Forget(isEverything: sql.StartsWith("DISCARD", StringComparison.OrdinalIgnoreCase));
        }
        else if (match.Groups["temp"].Success)
        {
            if (!sql.Contains("ON COMMIT DROP", StringComparison.OrdinalIgnoreCase))
                temporary.Add(NameOf(match.Groups["made"].Value));
        }
        else if (match.Groups["discard"].Success)
        {
            temporary.Clear();
        }
        else if (match.Groups["drop"].Success)
        {
            temporary.ExceptWith(match.Groups["dropped"].Value.Split(',').Select(NameOf));
        }
        else if (match.Groups["hold"].Success)
        {
            lost = "a cursor";
        }
        else if (match.Groups["deallocate"].Success)
        {
            if (match.Groups["name"] is { Success: true, Value: var name } && !name.Equals("ALL", StringComparison.OrdinalIgnoreCase))
                prepared.Close(name.Trim('"'));
            else
                prepared.Clear();
            Keep(sql);
        }
        else if (match.Groups["keep"].Success)
        {
            Keep(sql);
        }
        else
        {
            TakeCall(sql);
        }
    }

    /// <summary>RESET ALL forgets the settings, DISCARD ALL everything.</summary>
    private void Forget(bool isEverything)
    {
        if (!isEverything)
        {
            statements.RemoveAll(kept => kept.StartsWith("SET", StringComparison.OrdinalIgnoreCase)
                || kept.StartsWith("RESET", StringComparison.OrdinalIgnoreCase)
                || kept.StartsWith("SELECT", StringComparison.OrdinalIgnoreCase));
            return;
        }

        statements.Clear();
        prepared.Clear();
        temporary.Clear();
        (lost, locks) = (null, 0);
    }

    /// <summary>A name without its quotes, its schema and what may follow it.</summary>
    private static string NameOf(string text)
    {
        var name = text.Trim();
        var end = name.IndexOfAny([' ', '\t', '\r', '\n', '(']);
        name = end < 0 ? name : name[..end];
        return name[(name.LastIndexOf('.') + 1)..].Trim('"');
    }

    private void TakeCall(string sql)
    {
        if (sql.Contains("set_config", StringComparison.OrdinalIgnoreCase) && !LocalConfig().IsMatch(sql))
        {
            if (sql.Contains('$', StringComparison.Ordinal))
                lost = "a setting made by set_config";
            else
                Keep(sql);
        }

        if (sql.Contains("pg_advisory_unlock_all", StringComparison.OrdinalIgnoreCase))
            locks = 0;
        else
            locks = Math.Max(0, locks + Locks().Count(sql) - Unlocks().Count(sql));
    }

    private void Keep(string sql)
    {
        statements.Remove(sql);
        if (statements.Count < MostStatements)
            statements.Add(sql);
        else
            lost = "more settings than are kept";
    }

    /// <summary>Statements of a text, as far as a semicolon outside quotes parts them.</summary>
    private static IEnumerable<string> Split(string sql)
    {
        var (from, quote) = (0, '\0');
        for (var at = 0; at < sql.Length; at++)
        {
            var c = sql[at];
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '\'' or '"')
                quote = c;
            else if (c == ';')
            {
                yield return Plain(sql[from..at]);
                from = at + 1;
            }
        }

        yield return Plain(sql[from..]);
    }

    private static string Plain(string sql) => Comments().Replace(sql, "").Trim();

    [GeneratedRegex(@"\A(?:\s+|/\*.*?\*/|--[^\n]*(?:\n|\z))+", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Comments();

    [GeneratedRegex(
        @"\A(?:(?<local>SET\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\b)|(?<all>(?:RESET|DISCARD)\s+ALL\b)"
        + @"|(?<deallocate>DEALLOCATE\s+(?:PREPARE\s+)?(?<name>""[^""]*""|\w+))"
        + @"|(?<keep>(?:SET|RESET|LISTEN|UNLISTEN|PREPARE|LOAD)\s(?!\s*TRANSACTION))"
        + @"|(?<temp>CREATE\s+(?:(?:GLOBAL|LOCAL|OR\s+REPLACE)\s+)*TEMP(?:ORARY)?\s+(?:RECURSIVE\s+)?(?:TABLE|VIEW|SEQUENCE)\s+"
        + @"(?:IF\s+NOT\s+EXISTS\s+)?(?<made>""[^""]+""|[\w.]+)"
        + @"|(?:SELECT|WITH)\b.*\bINTO\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP(?:ORARY)?\s+(?:TABLE\s+)?(?<made>""[^""]+""|[\w.]+))"
        + @"|(?<discard>DISCARD\s+TEMP)"
        + @"|(?<drop>DROP\s+(?:TABLE|VIEW|SEQUENCE)\s+(?:IF\s+EXISTS\s+)?(?<dropped>[^;]*))"
        + @"|(?<hold>DECLARE\b.*\bWITH\s+HOLD\b)|(?<call>(?:SELECT|WITH|DO|CALL|PERFORM)\b.*(?:set_config|advisory)))",
        RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Kinds();

    [GeneratedRegex(@"set_config\s*\(.*,\s*true\s*\)", RegexOptions.Singleline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LocalConfig();

    [GeneratedRegex(@"pg_(?:try_)?advisory_lock(?:_shared)?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Locks();

    [GeneratedRegex(@"pg_advisory_unlock(?:_shared)?\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Unlocks();
}
