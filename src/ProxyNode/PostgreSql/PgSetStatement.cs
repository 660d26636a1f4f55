namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>SET and RESET in their many forms (PostgreSQL manual, "SET").</summary>
internal static class PgSetStatement
{
    /// <summary>Most parts of a name.</summary>
    private const int MostParts = 8;

    /// <summary>What a SET sets.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="at">Where the word SET is.</param>
    /// <param name="effects">Takes it.</param>
    public static void Add(PgSql sql, int at, List<PgEffect> effects)
    {
        var from = at++;
        var isLocal = sql.Is(at, "local");
        if (isLocal || (sql.Is(at, "session") && !sql.Is(at + 1, "authorization", "characteristics")))
            at++;
        if (sql.Is(at, "constraints"))
            return;
        if (sql.Is(at, "transaction"))
        {
            PgEffects.AddModes(sql, at + 1, "transaction_", PgEffectKind.SetLocal, effects);
            return;
        }

        if (sql.Is(at, "session") && sql.Is(at + 1, "characteristics"))
        {
            PgEffects.AddModes(sql, at + 2, "default_transaction_", PgEffectKind.Set, effects);
            return;
        }

        var name = NameAt(sql, ref at);
        var isDefault = at >= sql.Count || (at == sql.Count - 1
            && (sql.Is(at, "default") || (name == "timezone" && sql.Is(at, "local")) || (name == "role" && sql.Is(at, "none"))));
        var isLong = sql[sql.Count - 1].End - sql[from].Start > PgEffects.LongestKept;
        var value = isDefault ? null : PgEffects.Bounded(isLong ? sql.Slice(at, sql.Count) : ValueAt(sql, name, at));
        effects.Add(isLocal ? new PgEffect(PgEffectKind.SetLocal, name, value)
            : value is null ? new PgEffect(PgEffectKind.Reset, name)
            : new PgEffect(PgEffectKind.Set, name, value, isLong ? "" : sql.Slice(from, sql.Count)));
        if (isLong && !isLocal)
            effects.Add(PgEffects.Unread);
    }

    /// <summary>What a RESET resets.</summary>
    public static void AddReset(PgSql sql, List<PgEffect> effects)
    {
        var at = 1;
        effects.Add(sql.Is(1, "all") && sql.Count == 2
            ? new PgEffect(PgEffectKind.ResetAll)
            : new PgEffect(PgEffectKind.Reset, NameAt(sql, ref at)));
    }

    /// <summary>One name for what has several.</summary>
    public static string Named(string name) => PgSql.Lower(name) switch
    {
        "sort_mem" => "work_mem",
        "vacuum_mem" => "maintenance_work_mem",
        var lower => lower,
    };

    /// <summary>One way to write what can be written in several.</summary>
    public static string Normal(string name, string value) => name != "standard_conforming_strings" ? value
        : PgSql.Lower(value) is "off" or "false" or "no" or "0" or "f" or "n" or "of" ? "off" : "on";

    /// <summary>A value that a setting has, with a statement that gives it, whatever its kind.</summary>
    public static PgEffect Config(string name, string value) => new(
        PgEffectKind.Set,
        name,
        PgEffects.Bounded(Normal(name, value)),
        $"SELECT pg_catalog.set_config({Quoted(name)}, {Quoted(value)}, false)");

    private static string Quoted(string text)
    {
        var doubled = text.Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? $"E'{doubled.Replace("\\", "\\\\", StringComparison.Ordinal)}'"
            : $"'{doubled}'";
    }

    /// <summary>The name of what is set; then at its value.</summary>
    private static string NameAt(PgSql sql, ref int at)
    {
        if (sql.Is(at, "time") && sql.Is(at + 1, "zone"))
            return Behind("timezone", 2, ref at);
        if (sql.Is(at, "session") && sql.Is(at + 1, "authorization"))
            return Behind("session_authorization", 2, ref at);
        if (sql.Is(at, "xml") && sql.Is(at + 1, "option"))
            return Behind("xmloption", 2, ref at);
        if (sql.Is(at, "transaction") && sql.Is(at + 1, "isolation"))
            return Behind("transaction_isolation", 3, ref at);
        var isAssigned = sql.IsSymbol(at + 1, "=") || sql.Is(at + 1, "to");
        if (!isAssigned && sql.Is(at, "names"))
            return Behind("client_encoding", 1, ref at);
        if (!isAssigned && sql.Is(at, "role"))
            return Behind("role", 1, ref at);
        if (!isAssigned && sql.Is(at, "schema"))
            return Behind("search_path", 1, ref at);
        var name = sql.NameAt(at++) ?? "";
        for (var parts = 1; parts < MostParts && sql.IsSymbol(at, ".") && sql.NameAt(at + 1) is { } next; at += 2, parts++)
            name += "." + next;
        at += sql.IsSymbol(at, "=") || sql.Is(at, "to") ? 1 : 0;
        return Named(name);
    }

    private static string Behind(string name, int words, ref int at)
    {
        at += words;
        return name;
    }

    /// <summary>A value without the quotes, comments and space that it may have or not.</summary>
    private static string ValueAt(PgSql sql, string name, int at)
    {
        var words = new List<string>();
        for (; at < sql.Count; at++)
            words.Add(sql[at].Kind == PgTokenKind.Text ? sql.ContentAt(at) : sql.NameAt(at) ?? sql.Slice(at, at + 1));
        return Normal(name, string.Join(' ', words));
    }
}
