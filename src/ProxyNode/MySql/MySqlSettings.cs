using System.Text;
using System.Text.RegularExpressions;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// What a session has set (SET), variable by variable, so that it can be set again in another: the last value of each, in the order in
/// which they were set (MySQL manual, "SET Syntax for Variable Assignment").
/// </summary>
internal sealed partial class MySqlSettings
{
    /// <summary>Most variables that are kept; a session with more is given up rather than set again.</summary>
    private const int MostKept = 500;

    /// <summary>Without a say in what a statement means, and often switched.</summary>
    private static readonly HashSet<string> Meaningless = new(StringComparer.OrdinalIgnoreCase)
    {
        "autocommit", "transaction", "tx_isolation", "transaction_isolation", "tx_read_only", "transaction_read_only", "wait_timeout",
        "interactive_timeout", "net_read_timeout", "net_write_timeout", "profiling", "last_insert_id", "unique_checks",
    };

    /// <summary>For one statement only, or of the whole server, or a grant.</summary>
    private static readonly HashSet<string> NotOfSession = new(StringComparer.OrdinalIgnoreCase)
    {
        "insert_id", "password", "rand_seed1", "rand_seed2",
    };

    private const string Names = "names";

    private readonly List<(string Key, string Sql)> all = [];
    private readonly HashSet<string> unknown = new(StringComparer.OrdinalIgnoreCase);
    private string? context;
    private string? variables;

    /// <summary>Statements that set everything again.</summary>
    public IEnumerable<string> Statements => all.Select(setting => setting.Sql);

    /// <summary>Whether a value cannot be set again, such as one that was drawn or read.</summary>
    public bool IsUnknown => unknown.Count > 0 || all.Count > MostKept;

    /// <summary>
    /// What of the server's variables has a say in what statements mean, the same for sessions with the same settings.
    /// </summary>
    public string Context => context ??= Told(setting => !setting.StartsWith('@') && setting != Names && !Meaningless.Contains(setting));

    /// <summary>Variables of the user's own.</summary>
    public string Variables => variables ??= Told(setting => setting.StartsWith('@'));

    /// <summary>The character set that SET NAMES has named last, with its collation; null before.</summary>
    public string? CharacterSet =>
        all.Find(setting => setting.Key == Names).Sql is { } named ? Charset().Match(named).Groups["name"].Value : null;

    /// <summary>The same at another time.</summary>
    public MySqlSettings Copy()
    {
        var copy = new MySqlSettings();
        copy.all.AddRange(all);
        copy.unknown.UnionWith(unknown);
        return copy;
    }

    /// <summary>A SET was executed.</summary>
    /// <param name="sql">The statement, without comments before it.</param>
    public void Set(string sql)
    {
        var text = Spaces().Replace(sql, " ").TrimEnd(' ', ';', '/', '*').TrimStart();
        var rest = text.Length > 4 ? text[4..] : "";
        if (OfOthers().IsMatch(rest))
            return;
        if (Transaction().Match(rest) is { Success: true } transaction)
        {
            // Without a word before it, it is for the next transaction only.
            if (transaction.Groups["scope"].Value is { Length: > 0 } of && !of.StartsWith('G') && !of.StartsWith('g'))
                Keep("transaction", text);
            return;
        }

        var scope = "";
        foreach (var part in Parts(rest))
            scope = Assign(part.Trim(), scope);
    }

    /// <summary>The value of a variable is set in another way than by SET.</summary>
    public void Lose(string name)
    {
        unknown.Add(name);
        (context, variables) = (null, null);
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\A(?:STATEMENT|DEFAULT|RESOURCE) ", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OfOthers();

    [GeneratedRegex(@"\A(?:(?<scope>SESSION|LOCAL|GLOBAL) )?TRANSACTION ", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Transaction();

    [GeneratedRegex(
        @"\A(?:(?<scope>SESSION|LOCAL|GLOBAL|PERSIST|PERSIST_ONLY) |@@(?<scope>session|local|global|persist|persist_only) ?\. ?|@@)?"
        + @"(?<name>@?(?:`[^`]+`|[\w.$]+|'[^']+')) ?:?= ?(?<value>.+)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Assignment();

    [GeneratedRegex(
        @"\A(?:(?<names>NAMES|CHARACTER SET|CHARSET)|(?<role>ROLE)|(?<password>PASSWORD))\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Named();

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'|""(?:[^""\\]|\\.|"""")*""", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(
        @"\b(?:SELECT|NOW|RAND|UUID\w*|LAST_INSERT_ID|CONNECTION_ID|SYSDATE|LOCALTIME\w*|CURRENT_\w+|CURDATE|CURTIME|UNIX_TIMESTAMP|"
        + @"UTC_\w+|ROW_COUNT|FOUND_ROWS|GET_LOCK|RELEASE_LOCK|SLEEP|NEXTVAL|RANDOM_BYTES)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Drawn();

    [GeneratedRegex(
        @"(?:NAMES|CHARACTER SET|CHARSET)\s+['""]?(?<name>\w+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Charset();

    private string Told(Func<string, bool> isTold) => string.Join(
        '\n',
        all.Where(setting => isTold(setting.Key)).OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => setting.Sql));

    /// <summary>At the commas that are in no quotes or brackets.</summary>
    private static IEnumerable<string> Parts(string text)
    {
        var (from, depth) = (0, 0);
        var quote = '\0';
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            if (quote != '\0')
            {
                if (c == '\\' && quote != '`')
                    at++;
                else if (c == quote)
                    quote = '\0';
            }
            else if (c is '\'' or '"' or '`')
            {
                quote = c;
            }
            else if (c is '(' or ')')
            {
                depth += c == '(' ? 1 : -1;
            }
            else if (c == ',' && depth == 0)
            {
                yield return text[from..at];
                from = at + 1;
            }
        }

        yield return text[from..];
    }

    /// <summary>One assignment; returns the scope of the next ones.</summary>
    private string Assign(string part, string scope)
    {
        if (Named().Match(part) is { Success: true } named)
        {
            if (named.Groups["names"].Success)
                Keep(Names, "SET " + part);
            else if (named.Groups["role"].Success)
                Keep("role", "SET " + part);
            return scope;
        }

        if (Assignment().Match(part) is not { Success: true } assignment)
        {
            // What is not understood may have set anything.
            Lose(part);
            return scope;
        }

        var name = assignment.Groups["name"].Value.Replace("`", "", StringComparison.Ordinal);
        if (assignment.Groups["scope"] is { Success: true } said)
            scope = said.Value.ToUpperInvariant();
        if (NotOfSession.Contains(name) || (scope.Length > 0 && scope is not ("SESSION" or "LOCAL") && !name.StartsWith('@')))
            return scope;
        var written = assignment.Groups["value"].Value;
        var value = Quoted().Replace(written, "''");
        var setting = $"SET {name}={written}";
        var refersToItself = value.Contains(name.StartsWith('@') ? name : "@@" + name, StringComparison.OrdinalIgnoreCase);
        if (Drawn().IsMatch(value) || (refersToItself && name.StartsWith('@')) || value.Contains(":=", StringComparison.Ordinal))
            Lose(name);
        else if (!refersToItself)
            Keep(name, setting);
        else if (all.TrueForAll(kept => kept.Sql != setting))
            Add(name, setting);
        return scope;
    }

    private void Keep(string key, string sql)
    {
        all.RemoveAll(setting => string.Equals(setting.Key, key, StringComparison.OrdinalIgnoreCase));
        unknown.Remove(key);
        Add(key, sql);
    }

    private void Add(string key, string sql)
    {
        all.Add((key.ToLowerInvariant(), sql));
        (context, variables) = (null, null);
    }
}
