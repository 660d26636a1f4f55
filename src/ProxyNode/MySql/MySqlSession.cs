using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// What a session has at its server besides data: who it is, where, what it has set and prepared. Of two kinds: what can be made again on
/// another connection, and what is gone with its own, such as a temporary table. What a stored routine leaves is not seen.
/// </summary>
internal sealed partial class MySqlSession
{
    /// <summary>Begins that part of a context.</summary>
    public const string Variables = "\u0001";

    private readonly HashSet<string> temporary = new(StringComparer.OrdinalIgnoreCase);
    private MySqlSettings settings = new();
    private string database = "";
    private int namedLocks;
    private int handlers;
    private bool hasTableLocks;
    private bool inDistributed;
    private string? context;

    /// <summary>How it logged in last; null before.</summary>
    public MySqlLogin? Login { get; private set; }

    /// <summary>Default database.</summary>
    public string Database
    {
        get => database;
        set => (database, context) = (value, null);
    }

    /// <summary>COM_RESET_CONNECTION has put the server's defaults in the place of what its log-in said.</summary>
    public bool WasReset { get; private set; }

    /// <summary>What COM_SET_OPTION has switched last; null before.</summary>
    public byte[]? Option { get; set; }

    /// <summary>Whether anything was asked since it logged in: what a next statement says may be of the one before it.</summary>
    public bool HasAsked { get; set; }

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction { get; set; }

    /// <summary>Prepared statements that are open, by the server's number.</summary>
    public ConcurrentDictionary<uint, MySqlStatement> Statements { get; } = new();

    /// <summary>What sets its variables again.</summary>
    public IEnumerable<string> Settings => settings.Statements;

    /// <summary>
    /// Whether something is under way that ends with the connection: a transaction, locked tables, an open handler or cursor, a parameter
    /// of which a piece was sent. Named locks and temporary tables are none: they may be kept for as long as the connection lives.
    /// </summary>
    public bool IsUnderWay => InTransaction || inDistributed || hasTableLocks || handlers > 0
        || (!Statements.IsEmpty && Statements.Values.Any(statement => statement.HasPieces || statement.HasCursor));

    /// <summary>Why it could not be made again on another connection; null where it can be.</summary>
    public string? Unrepeatable =>
        InTransaction || inDistributed ? "an open transaction"
        : temporary.Count > 0 ? "a temporary table, or a text that was prepared"
        : hasTableLocks ? "locked tables"
        : namedLocks > 0 ? "a named lock"
        : handlers > 0 ? "an open handler"
        : settings.IsUnknown ? "a variable's value"
        : Statements.IsEmpty ? null
        : Statements.Values.Any(statement => statement.HasPieces) ? "a parameter sent in pieces"
        : Statements.Values.Any(statement => statement.HasCursor) ? "an open cursor"
        : null;

    /// <summary>
    /// Whatever decides what a statement means besides its text; equal for sessions in which it means the same. Behind
    /// <see cref="Variables"/> is what only statements that read a variable of the user's depend on.
    /// </summary>
    public string Context => context ??= Login is null
        ? ""
        : $"{Login.User}\0{database}\0{settings.CharacterSet?.ToLowerInvariant() ?? CharacterSetOf(Login.Charset)}\0{settings.Context}"
            + (settings.Variables.Length > 0 ? Variables + settings.Variables : "");

    /// <summary>The default database of a session with a context.</summary>
    public static string DatabaseIn(string context) => context.Split('\0') is [_, var named, ..] ? named : "";

    /// <summary>It has logged in, at first or anew: nothing of before is left.</summary>
    public void LogsIn(MySqlLogin login)
    {
        Clear();
        (Login, Database, WasReset) = (login, login.Database, false);
    }

    /// <summary>Everything but who it is and where is forgotten (COM_RESET_CONNECTION).</summary>
    public void Reset()
    {
        Clear();
        WasReset = true;
    }

    /// <summary>The same at another time.</summary>
    /// <param name="withStatements">With what was prepared.</param>
    public MySqlSession Copy(bool withStatements)
    {
        var copy = new MySqlSession
        {
            settings = settings.Copy(),
            database = database,
            namedLocks = namedLocks,
            handlers = handlers,
            hasTableLocks = hasTableLocks,
            inDistributed = inDistributed,
            Login = Login,
            WasReset = WasReset,
            Option = Option,
            HasAsked = HasAsked,
            InTransaction = InTransaction,
        };
        copy.temporary.UnionWith(temporary);
        if (!withStatements)
            return copy;
        foreach (var (number, statement) in Statements)
            copy.Statements[number] = statement.Copy();
        return copy;
    }

    /// <summary>A text was executed without an error.</summary>
    /// <param name="sql">One statement, or several.</param>
    public void Execute(ReadOnlySpan<byte> sql)
    {
        for (var rest = sql; !rest.IsEmpty;)
        {
            var statement = MySqlWords.Next(ref rest);
            Execute(Encoding.UTF8.GetString(statement[MySqlWords.StartOf(statement)..]));
        }
    }

    private void Execute(string sql)
    {
        var verb = Verb().Match(sql).Value.ToUpperInvariant();
        context = null;
        switch (verb)
        {
            case "SET":
                settings.Set(sql);
                return;
            case "USE":
                Database = Name(sql[3..]);
                return;
            case "CREATE" when TemporaryTable().Match(sql) is { Success: true } created:
                temporary.Add(Name(created.Groups["name"].Value));
                break;
            case "DROP" when DroppedTables().Match(sql) is { Success: true } dropped:
                foreach (var name in dropped.Groups["names"].Value.Split(','))
                    temporary.Remove(Name(name));
                return;
            case "DROP" or "DEALLOCATE" when Prepared().Match(sql) is { Success: true } dropped:
                temporary.Remove("PREPARE " + dropped.Groups["name"].Value);
                return;
            case "PREPARE" when Prepared().Match(sql) is { Success: true } prepared:
                temporary.Add("PREPARE " + prepared.Groups["name"].Value);
                return;
            case "BEGIN" or "START":
                hasTableLocks = false;
                return;
            case "LOCK" or "FLUSH" when verb == "LOCK" || sql.Contains("LOCK", StringComparison.OrdinalIgnoreCase):
                hasTableLocks = true;
                return;
            case "UNLOCK":
                hasTableLocks = false;
                return;
            case "HANDLER":
                handlers = sql.Contains(" OPEN", StringComparison.OrdinalIgnoreCase) ? handlers + 1
                    : sql.Contains(" CLOSE", StringComparison.OrdinalIgnoreCase) ? Math.Max(handlers - 1, 0)
                    : handlers;
                return;
            case "XA":
                inDistributed = !sql.Contains("COMMIT", StringComparison.OrdinalIgnoreCase)
                    && !sql.Contains("ROLLBACK", StringComparison.OrdinalIgnoreCase)
                    && (inDistributed || StartsDistributed().IsMatch(sql));
                return;
        }

        if (Takes().IsMatch(sql))
            namedLocks++;
        else if (ReleasesAll().IsMatch(sql))
            namedLocks = 0;
        else if (Releases().IsMatch(sql))
            namedLocks = Math.Max(namedLocks - 1, 0);
        foreach (Match assigned in Assigned().Matches(sql))
            settings.Lose(assigned.Groups["name"].Value);
    }

    /// <summary>
    /// The name of a collation's character set, of those that clients log in with (MySQL manual, "Character Set Support").
    /// </summary>
    private static string CharacterSetOf(byte collation) => collation switch
    {
        45 or 46 or (>= 224 and <= 247) or 255 => "utf8mb4",
        33 or 83 or (>= 192 and <= 215) or 223 => "utf8",
        5 or 8 or 15 or 31 or 47 or 48 or 49 or 94 => "latin1",
        63 => "binary",
        _ => collation.ToString(CultureInfo.InvariantCulture),
    };

    private static string Name(string written) => written.Trim().TrimEnd(';', '/', '*', ' ').Replace("`", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z]+", RegexOptions.CultureInvariant)]
    private static partial Regex Verb();

    [GeneratedRegex(
        @"\ACREATE\s+(?:OR\s+REPLACE\s+)?TEMPORARY\s+(?:TABLE|SEQUENCE)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?<name>[^\s(]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TemporaryTable();

    [GeneratedRegex(
        @"\ADROP\s+(?:TEMPORARY\s+)?(?:TABLES?|SEQUENCE)\s+(?:IF\s+EXISTS\s+)?(?<names>.+?)(?:\s+(?:RESTRICT|CASCADE))?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex DroppedTables();

    [GeneratedRegex(
        @"\A(?:(?:DROP|DEALLOCATE)\s+)?PREPARE\s+(?<name>\S+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Prepared();

    [GeneratedRegex(@"\AXA\s+(?:START|BEGIN)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex StartsDistributed();

    [GeneratedRegex(@"\bget_lock\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Takes();

    [GeneratedRegex(@"\brelease_lock\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Releases();

    [GeneratedRegex(@"\brelease_all_locks\s*\(", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReleasesAll();

    /// <summary>A user variable that is set within a statement, or by a routine.</summary>
    [GeneratedRegex(
        @"(?<name>@[\w.$]+)\s*:=|\bINTO\s+(?<name>@[\w.$]+)|\ACALL\b[^@]*(?<name>(?<!@)@[\w.$]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assigned();

    private void Clear()
    {
        settings = new MySqlSettings();
        temporary.Clear();
        Statements.Clear();
        (namedLocks, handlers, hasTableLocks, inDistributed) = (0, 0, false, false);
        (InTransaction, HasAsked, Option, context) = (false, false, null, null);
    }
}
