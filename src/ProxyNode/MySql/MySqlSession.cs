using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// What a session has at its server besides data: who it is, where, what it has set and prepared. Of two kinds: what can be made again on
/// another connection, and what is gone with its own, such as a temporary table. What a stored routine leaves is not seen.
/// </summary>
internal sealed partial class MySqlSession
{
    private const int DatabaseField = 1;
    private const int ParsingField = 2;
    private const int FormField = 3;

    /// <summary>In a context's form: names are in double quotes.</summary>
    private const char QuotesNames = 'q';

    /// <summary>What of the capabilities of both sides decides what a statement means, or which form its reply has.</summary>
    private static readonly (uint Capability, char Letter)[] Forms =
        [(MySqlPacket.FoundRows, 'f'), (MySqlPacket.IgnoreSpace, 's'), (MySqlPacket.SessionTrack, 't'), (MySqlPacket.DeprecateEof, 'd')];

    /// <summary>The same of MariaDB's own: extended metadata, results of each of many sets of parameters.</summary>
    private static readonly (uint Capability, char Letter)[] FormsOfMariaDb = [(0x8, 'm'), (0x20, 'u')];

    private readonly HashSet<string> temporary = new(StringComparer.OrdinalIgnoreCase);
    private MySqlSettings settings = new();
    private MySqlGreeting? greeting;
    private string database = "";
    private string? lost;
    private int namedLocks;
    private int handlers;
    private bool hasTableLocks;
    private bool inDistributed;
    private string? context;
    private int executed;

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

    /// <summary>What COM_SET_OPTION has switched last, which no log-in anew switches back; null before.</summary>
    public byte[]? Option { get; set; }

    /// <summary>Whether anything was asked since it logged in: what a next statement says may be of the one before it.</summary>
    public bool HasAsked { get; set; }

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction { get; set; }

    /// <summary>Prepared statements that are open, by the server's number.</summary>
    public ConcurrentDictionary<uint, MySqlStatement> Statements { get; } = new();

    /// <summary>What sets its variables again.</summary>
    public IEnumerable<string> Settings => settings.Statements;

    /// <summary>How its server reads a text now.</summary>
    public MySqlDialect Dialect => settings.Dialect;

    /// <summary>
    /// Whether something is under way that ends with the connection: a transaction, locked tables, an open handler or cursor, a parameter
    /// of which a piece was sent. Named locks and temporary tables are none: they may be kept for as long as the connection lives.
    /// </summary>
    public bool IsUnderWay => InTransaction || inDistributed || hasTableLocks || handlers > 0
        || (!Statements.IsEmpty && Statements.Values.Any(statement => statement.HasPieces || statement.HasCursor));

    /// <summary>Why it could not be made again on another connection; null where it can be.</summary>
    public string? Unrepeatable =>
        InTransaction || inDistributed ? "an open transaction"
        : temporary.Count > 0 ? "a temporary table"
        : hasTableLocks ? "locked tables"
        : namedLocks > 0 ? "a named lock"
        : handlers > 0 ? "an open handler"
        : lost is not null ? lost
        : settings.IsUnknownIn(database) ? "a variable's value"
        : MySqlStatements.UnrepeatableOf(Statements.Values, Parsing);

    /// <summary>
    /// Whatever decides what a statement means besides its text; equal for sessions in which it means the same. Behind it is what only
    /// some statements depend on (<see cref="ForStatement"/>).
    /// </summary>
    public string Context => context ??= Login is null ? "" : MakeContext();

    /// <summary>What decides how the server reads a text, and which characters it is.</summary>
    public string Parsing => ParsingIn(Context);

    /// <summary>Separates what every statement depends on from the variables of the user's, and those from temporary tables.</summary>
    private static ReadOnlySpan<char> Parts => "\u0001\u0002";

    /// <summary>The default database of a session with a context.</summary>
    public static string DatabaseIn(string context) => FieldOf(context, DatabaseField);

    /// <summary>What decides how the server of such a session reads a text.</summary>
    public static string ParsingIn(string context) => FieldOf(context, ParsingField);

    /// <summary>Whether what is in double quotes is a name in such a session.</summary>
    public static bool QuotesNamesIn(string context) => FieldOf(context, FormField).Contains(QuotesNames, StringComparison.Ordinal);

    /// <summary>That part of a context on which every statement depends.</summary>
    public static string CommonIn(string context)
    {
        var end = context.AsSpan().IndexOfAny(Parts);
        return end < 0 ? context : context[..end];
    }

    /// <summary>
    /// That part of a context on which a statement depends: variables of the user's only where it may read one, a temporary table only
    /// where it names it.
    /// </summary>
    /// <param name="whole">The context.</param>
    /// <param name="common">What every statement depends on.</param>
    /// <param name="sql">The statement.</param>
    public static string ForStatement(string whole, string common, string sql)
    {
        if (whole.Length == common.Length)
            return common;
        var parts = whole[common.Length..].Split(Parts[1]);
        var readsVariables = sql.Contains('@', StringComparison.Ordinal) || MayReadVariables(sql);
        var named = parts.Length < 2
            ? []
            : parts[1].Split('\n').Where(name => sql.Contains(name, StringComparison.OrdinalIgnoreCase)).ToArray();
        return readsVariables && parts.Length < 2 ? whole
            : readsVariables || named.Length > 0 ? $"{common}{(readsVariables ? parts[0] : "")}{Parts[1]}{string.Join('\n', named)}"
            : common;
    }

    /// <summary>It has logged in, at first or anew: nothing of before is left.</summary>
    /// <param name="login">How.</param>
    /// <param name="at">What its server said first; null where it is the one of before, or not known.</param>
    public void LogsIn(MySqlLogin login, MySqlGreeting? at = null)
    {
        greeting = at ?? greeting;
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
            greeting = greeting,
            database = database,
            lost = lost,
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

    /// <summary>Something was said of which nobody knows what it has left.</summary>
    /// <param name="what">What, for people.</param>
    /// <param name="said">What is known of it.</param>
    public void Lose(string what, string said)
    {
        lost = what;
        settings.LoseAny(said);
        context = null;
    }

    /// <summary>What decides the values of the variables that a text reads.</summary>
    public string MeaningOf(ReadOnlySpan<MySqlToken> tokens) => settings.MeaningOf(tokens);

    /// <summary>The string that is written, or that a variable is, where it is known.</summary>
    public string? StringIn(ReadOnlySpan<MySqlToken> text) => settings.StringIn(text);

    /// <inheritdoc cref="MySqlSettings.PreparedAs"/>
    public string? PreparedAs(string name, out string? origin) => settings.PreparedAs(name, out origin);

    private static string FieldOf(string context, int field)
    {
        var parts = context.Split('\0', FormField + 2);
        return field < parts.Length ? parts[field] : "";
    }

    /// <summary>Without naming one: a routine, or a text that was prepared.</summary>
    private static bool MayReadVariables(string sql)
    {
        var start = sql.AsSpan().TrimStart();
        while (start.StartsWith("/*", StringComparison.Ordinal))
        {
            var end = start.IndexOf("*/", StringComparison.Ordinal);
            start = end < 0 ? [] : start[(end + 2)..].TrimStart();
        }

        return start.StartsWith("CALL", StringComparison.OrdinalIgnoreCase)
            || start.StartsWith("EXECUTE", StringComparison.OrdinalIgnoreCase);
    }

    private string MakeContext()
    {
        var form = new StringBuilder();
        foreach (var (capability, letter) in Forms)
        {
            if ((Login!.Capabilities & (greeting?.Capabilities ?? uint.MaxValue) & capability) != 0)
                form.Append(letter);
        }

        foreach (var (capability, letter) in FormsOfMariaDb)
        {
            if ((Login!.MariaDbCapabilities & (greeting?.MariaDbCapabilities ?? uint.MaxValue) & capability) != 0)
                form.Append(letter);
        }

        if (Dialect.QuotesNames)
            form.Append(QuotesNames);
        // MariaDB goes back to that of the log-in, MySQL to its own default.
        var inForce = WasReset && greeting is not null && !Dialect.IsMariaDb ? greeting.Charset : Login!.Charset;
        var collation = settings.HasNames ? "" : inForce.ToString(CultureInfo.InvariantCulture);
        var (user, named) = (MySqlText.InContext(Login!.User), MySqlText.InContext(database));
        var variables = settings.Variables;
        var tables = string.Join('\n', temporary.Select(MySqlText.InContext).Order(StringComparer.Ordinal));
        return $"{user}\0{named}\0{collation} {settings.Parsing}\0{form}\0{settings.Context}"
            + (variables.Length > 0 ? Parts[..1].ToString() + variables : "")
            + (tables.Length > 0 ? Parts[1..].ToString() + tables : "");
    }

    private void Clear()
    {
        settings = new MySqlSettings(greeting is null ? default : MySqlDialect.Of(greeting));
        temporary.Clear();
        Statements.Clear();
        (namedLocks, handlers, hasTableLocks, inDistributed) = (0, 0, false, false);
        (InTransaction, HasAsked, lost, context) = (false, false, null, null);
    }
}
