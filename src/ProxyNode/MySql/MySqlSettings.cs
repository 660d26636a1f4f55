namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// What a session has set (SET, and whatever else gives values to variables), so that it can be set again in another, in an order in which
/// each value reads what it has read (MySQL manual, "SET Syntax for Variable Assignment").
/// </summary>
internal sealed partial class MySqlSettings
{
    /// <summary>Most assignments that are made again; a session with more is given up rather than set again.</summary>
    private const int MostKept = 500;

    /// <summary>Most characters that all of them have together.</summary>
    private const int LongestKept = 64 * 1024;

    /// <summary>Most assignments of one SET that are told apart.</summary>
    private const int MostParts = 64;

    private const string MoreThanKept = "more than is kept";

    private const string Names = "names";
    private const string Connection = "collation_connection";
    private const string SqlMode = "sql_mode";

    /// <summary>Something that is not understood was set.</summary>
    private const string Anything = "?";

    /// <summary>Begins the name of a text that was prepared (PREPARE).</summary>
    private const char PreparedText = '#';

    /// <summary>Without a say in what a statement means, and often switched.</summary>
    private static readonly HashSet<string> Meaningless = new(StringComparer.Ordinal)
    {
        "autocommit", "transaction_isolation", "transaction_read_only", "wait_timeout", "interactive_timeout", "net_read_timeout",
        "net_write_timeout", "profiling", "last_insert_id", "unique_checks",
    };

    /// <summary>For one statement only, or of the whole server, or a grant.</summary>
    private static readonly HashSet<string> NotOfSession = new(StringComparer.Ordinal)
    {
        "insert_id", "password", "rand_seed1", "rand_seed2",
    };

    /// <summary>What decides how a text is read, and which character set and collation its strings have.</summary>
    private static readonly string[] OfParsing =
        [Names, "character_set_client", "character_set_results", Connection, SqlMode];

    /// <summary>Names of the same variable.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["character_set_connection"] = Connection,
        ["tx_isolation"] = "transaction_isolation",
        ["tx_read_only"] = "transaction_read_only",
    };

    private readonly MySqlDialect initial;
    private readonly SortedDictionary<string, MySqlAssignment> values = new(StringComparer.Ordinal);
    private long made;
    private MySqlAssignment[]? all;

    /// <summary>Of a session that has set nothing yet.</summary>
    /// <param name="initial">How its server reads a text.</param>
    public MySqlSettings(in MySqlDialect initial = default) => (this.initial, Dialect) = (initial, initial);

    private MySqlSettings(MySqlSettings other)
    {
        (initial, Dialect, made) = (other.initial, other.Dialect, other.made);
        foreach (var (key, value) in other.values)
            values[key] = value;
    }

    /// <summary>How the server reads a text of the session.</summary>
    public MySqlDialect Dialect { get; private set; }

    /// <summary>Statements that set everything again; with gaps where <see cref="IsUnknownIn"/> says so.</summary>
    public IEnumerable<string> Statements =>
        All.Where(value => value.Sql is not null).DistinctBy(value => value.Number).Select(value => value.Sql!);

    /// <summary>Whether the character set and its collation were named (SET NAMES), which leaves nothing of the log-in's.</summary>
    public bool HasNames => values.ContainsKey(Names);

    /// <summary>What decides how a text is read, the same for sessions with the same settings.</summary>
    public string Parsing => Told(key => OfParsing.Contains(key));

    /// <summary>What else of the server's variables has a say in what statements mean.</summary>
    public string Context => Told(key => !IsOfUser(key) && !Meaningless.Contains(key) && !OfParsing.Contains(key));

    /// <summary>Variables of the user's own, and texts that were prepared.</summary>
    public string Variables => Told(IsOfUser);

    private IEnumerable<string> OfServer => values.Keys.Where(key => !IsOfUser(key) && !Meaningless.Contains(key));

    private MySqlAssignment[] All => all ??= [.. MySqlAssignment.AllOf(values.Values).OrderBy(value => value.Number)];

    /// <summary>Whether a value cannot be set again, such as one that was drawn or read.</summary>
    /// <param name="database">The default database in which it would be.</param>
    public bool IsUnknownIn(string database) =>
        values.Count > 0 && (All.Length > MostKept || All.Any(value => value.Sql is null || (value.Database ?? database) != database));

    /// <summary>The same at another time.</summary>
    public MySqlSettings Copy() => new(this);

    /// <summary>Variables got values in another way than by SET.</summary>
    /// <param name="names">Which.</param>
    /// <param name="read">Which ones had a say in that.</param>
    /// <param name="statement">By which statement.</param>
    /// <param name="database">The session's.</param>
    /// <param name="parameters">Of one that was prepared.</param>
    public void Lose(
        IReadOnlyCollection<string> names, IEnumerable<string> read, ReadOnlySpan<MySqlToken> statement, string database,
        string parameters = "")
    {
        if (names.Count == 0)
            return;
        var isOfRoutine = statement[0].Is("CALL");
        // What a routine has given back is most likely given back anew, not taken: else a session would be another after each call.
        var said = Values(read.Union(OfServer)).Where(value => !isOfRoutine || !value.IsOfRoutine).ToArray();
        var value = new MySqlAssignment(++made, sql: null, MySqlLexer.Join(statement) + parameters, said, database)
        {
            IsOfRoutine = isOfRoutine,
        };
        foreach (var name in names)
            Put(name, value);
    }

    /// <summary>Nobody knows what a text has set.</summary>
    /// <param name="text">What is known of it.</param>
    public void LoseAny(string text) => Put(Anything, new MySqlAssignment(++made, sql: null, text, [], null));

    /// <summary>A text was prepared as a statement (PREPARE name FROM text).</summary>
    public void Prepare(ReadOnlySpan<MySqlToken> statement, string database)
    {
        if (statement.Length < 4)
            return;
        var text = statement[3..];
        Put(
            PreparedText + statement[1].Text.ToLowerInvariant(),
            new MySqlAssignment(
                ++made, IsDrawn(text) ? null : MySqlLexer.Join(statement), MySqlLexer.Join(statement), ReadBy(statement, isWide: true),
                database)
            {
                Text = StringIn(text),
            });
    }

    /// <summary>Such a statement is gone.</summary>
    public void Unprepare(string name)
    {
        values.Remove(PreparedText + name.ToLowerInvariant());
        all = null;
    }

    /// <summary>The text of a statement that was prepared as one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="origin">What it came from, whether or not that is known to the letter; null where there is no such statement.</param>
    /// <returns>Null where it is not known.</returns>
    public string? PreparedAs(string name, out string? origin)
    {
        var value = values.GetValueOrDefault(PreparedText + name.ToLowerInvariant());
        origin = value?.Meaning;
        return value?.Text;
    }

    /// <summary>The string that is written, or that a variable is, where it is known.</summary>
    public string? StringIn(ReadOnlySpan<MySqlToken> text) => text switch
    {
        [{ Kind: MySqlTokenKind.String } written] => MySqlLexer.ValueOf(written.Raw, Dialect),
        [{ Kind: MySqlTokenKind.Variable } variable] => values.GetValueOrDefault(variable.Text)?.Text,
        _ => null,
    };

    /// <summary>What decides the values of the variables that are named.</summary>
    public string MeaningOf(ReadOnlySpan<MySqlToken> tokens) =>
        string.Join(MySqlText.Separator, ReadBy(tokens, isWide: false).Select(value => value.Meaning));

    private static bool IsOfUser(string key) => key.Length > 0 && key[0] is ('@' or PreparedText);

    private static string KeyOf(MySqlToken variable)
    {
        if (variable.Kind == MySqlTokenKind.Variable)
            return variable.Text;
        var name = variable.Text.ToLowerInvariant();
        if (name.StartsWith("session.", StringComparison.Ordinal) || name.StartsWith("local.", StringComparison.Ordinal))
            name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return Aliases.GetValueOrDefault(name, name);
    }

    private string Told(Func<string, bool> isTold)
    {
        if (values.Count == 0)
            return "";
        var told = values.Where(pair => isTold(pair.Key)).Select(pair => MySqlText.InContext($"{pair.Key}: {pair.Value.Meaning}"));
        return string.Join('\n', told);
    }

    /// <summary>What a text reads, as it is now.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="isWide">Whether whatever else is set for the session has a say, too, such as the time zone.</param>
    private List<MySqlAssignment> ReadBy(ReadOnlySpan<MySqlToken> tokens, bool isWide) =>
        Values(isWide ? KeysIn(tokens).Union(OfServer) : KeysIn(tokens));

    private static HashSet<string> KeysIn(ReadOnlySpan<MySqlToken> tokens)
    {
        var read = new HashSet<string>(StringComparer.Ordinal);
        foreach (var token in tokens)
        {
            if (token.Kind is MySqlTokenKind.Variable or MySqlTokenKind.System)
                read.Add(KeyOf(token));
        }

        return read;
    }

    private List<MySqlAssignment> Values(IEnumerable<string> keys)
    {
        return [.. keys.Order(StringComparer.Ordinal).Select(Value).OfType<MySqlAssignment>().Distinct()];

        MySqlAssignment? Value(string key)
        {
            // All that a character set's name sets is set with it.
            var isOfNames = key.StartsWith("character_set_", StringComparison.Ordinal) || key == Connection;
            return values.GetValueOrDefault(key) ?? (isOfNames ? values.GetValueOrDefault(Names) : null);
        }
    }

    private void Put(string key, MySqlAssignment value)
    {
        if (key == Names)
        {
            foreach (var named in OfParsing.Where(named => named != SqlMode))
                values.Remove(named);
        }

        values[key] = value;
        all = null;
        if (!HasRoom())
        {
            values.Clear();
            values[Anything] = new MySqlAssignment(++made, sql: null, MoreThanKept, [], null);
        }
    }

    /// <summary>Whether all that would be made again, with what it has read and what has another value by now, is not too much.</summary>
    private bool HasRoom()
    {
        if (values.Count > MostKept)
            return false;
        var found = MySqlAssignment.AllOf(values.Values);
        return found.Count <= MostKept && found.Sum(value => (long)value.Length) <= LongestKept;
    }
}
