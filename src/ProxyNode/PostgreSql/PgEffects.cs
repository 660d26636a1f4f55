using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Reads what a statement does to its session (PostgreSQL manual, "SQL Commands"): the one place that knows, for the record's keys and for
/// a clone's connection that is made anew.
/// </summary>
internal static class PgEffects
{
    /// <summary>Most that is read of one statement: nobody writes more, and reading must take no time to speak of.</summary>
    public const int MostEffects = 256;

    /// <summary>Longest text that is cut into words while a client waits, in bytes; of a longer one its beginning is.</summary>
    public const int LongestText = 8 * 1024;

    /// <summary>Longest statement that is kept for a setting: one that is longer is not said again.</summary>
    public const int LongestKept = 2 * 1024;

    /// <summary>Longest value that is kept as it is; of a longer one a hash is.</summary>
    private const int LongestValue = 512;

    /// <summary>Most calls, and most SETs of a body, that are read of one statement: each may go to its end.</summary>
    private const int MostRead = 32;

    /// <summary>What was not read.</summary>
    public static PgEffect Unread { get; } = new(PgEffectKind.Lose, "more than a statement is read for");

    /// <summary>A value, or what tells it from others where it is long.</summary>
    public static string Bounded(string value) =>
        value.Length <= LongestValue ? value : $"{value.Length}#{RequestKeys.Hash("", "", value):x}";

    /// <summary>What a statement does.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="parameters">What stands for its parameters, a byte a character; null of a NULL.</param>
    /// <param name="preparedAs">What was prepared under a name, in SQL or by the protocol; null where nothing was.</param>
    public static PgCommand Of(PgSql sql, IReadOnlyList<string?> parameters, Func<string, string?>? preparedAs = null)
    {
        var effects = new List<PgEffect>();
        switch (sql.NameAt(0))
        {
            case "begin" or "start":
                AddModes(sql, 1, "transaction_", PgEffectKind.SetLocal, effects);
                return new PgCommand(Limited(effects), PgStep.Begins);
            case "commit" or "end":
                return sql.Is(1, "prepared") ? new PgCommand(effects) : new PgCommand(effects, PgStep.Commits, Chains: Chains(sql));
            case "rollback" or "abort":
                return RollBack(sql);
            case "prepare" when sql.Is(1, "transaction"):
                return new PgCommand(effects, PgStep.Commits);
            case "savepoint":
                return new PgCommand(effects, PgStep.Saves, sql.NameAt(1) ?? "");
            case "release":
                return new PgCommand(effects, PgStep.Releases, sql.NameAt(sql.Is(1, "savepoint") && sql.Count > 2 ? 2 : 1) ?? "");
            case "do":
                AddBody(sql, effects);
                break;
            case "execute" when preparedAs is not null:
                AddExecuted(sql, preparedAs, effects);
                break;
            case var verb:
                AddPlain(sql, verb, effects);
                // What is prepared is not executed yet.
                if (verb != "prepare")
                    AddCalls(sql, parameters, effects);
                break;
        }

        return new PgCommand(Limited(effects));
    }

    private static List<PgEffect> Limited(List<PgEffect> effects) =>
        effects.Count <= MostEffects ? effects : [.. effects.Take(MostEffects), Unread];

    private static bool Chains(PgSql sql) =>
        sql.Place("chain", 1, sql.Count) is > 0 and var chain && !sql.Is(chain - 1, "no");

    private static PgCommand RollBack(PgSql sql)
    {
        if (sql.Is(1, "prepared"))
            return new PgCommand([]);
        var to = sql.Place("to", 1, sql.Count);
        if (to < 0)
            return new PgCommand([], PgStep.RollsBack, Chains: Chains(sql));
        return new PgCommand([], PgStep.Returns, sql.NameAt(sql.Is(to + 1, "savepoint") && to + 2 < sql.Count ? to + 2 : to + 1) ?? "");
    }

    private static void AddPlain(PgSql sql, string? verb, List<PgEffect> effects)
    {
        switch (verb)
        {
            case "set":
                PgSetStatement.Add(sql, 0, effects);
                break;
            case "reset":
                PgSetStatement.AddReset(sql, effects);
                break;
            case "discard":
                if (sql.Is(1, "all"))
                    effects.Add(new PgEffect(PgEffectKind.DiscardAll));
                else if (sql.Is(1, "temp", "temporary"))
                    effects.Add(new PgEffect(PgEffectKind.DiscardTemporary));
                break;
            case "listen":
                effects.Add(new PgEffect(PgEffectKind.Listen, sql.NameAt(1) ?? "", Statement: sql.Written));
                break;
            case "unlisten":
                effects.Add(new PgEffect(PgEffectKind.Unlisten, sql.NameAt(1) ?? ""));
                break;
            case "prepare":
                effects.Add(new PgEffect(PgEffectKind.Prepare, sql.NameAt(1) ?? "", Statement: sql.Written));
                break;
            case "deallocate":
                var name = sql.Is(1, "prepare") && sql.Count > 2 ? 2 : 1;
                effects.Add(new PgEffect(PgEffectKind.Deallocate, sql.Is(name, "all") ? "" : sql.NameAt(name) ?? ""));
                break;
            case "declare" when sql.Place("hold", 1, sql.Count) is > 0 and var hold && sql.Is(hold - 1, "with"):
                effects.Add(new PgEffect(PgEffectKind.Hold, sql.NameAt(1) ?? ""));
                break;
            case "close":
                effects.Add(new PgEffect(PgEffectKind.Close, sql.Is(1, "all") ? "" : sql.NameAt(1) ?? ""));
                break;
            case "load":
                effects.Add(new PgEffect(PgEffectKind.Load, Statement: sql.Written));
                break;
            case "create":
                AddCreated(sql, effects);
                break;
            case "drop":
                AddDropped(sql, effects);
                break;
            default:
                AddInto(sql, effects);
                break;
        }
    }

    /// <summary>The modes of a transaction, as settings whose names begin so.</summary>
    public static void AddModes(PgSql sql, int from, string prefix, PgEffectKind kind, List<PgEffect> effects)
    {
        for (var i = from; i < sql.Count; i++)
        {
            if (sql.Is(i, "read"))
                Add("read_only", sql.Is(i + 1, "only") ? "on" : "off");
            else if (sql.Is(i, "level"))
                Add("isolation", sql.Is(i + 1, "serializable") ? "serializable" : $"{sql.NameAt(i + 1)} {sql.NameAt(i + 2)}");
            else if (sql.Is(i, "deferrable"))
                Add("deferrable", sql.Is(i - 1, "not") ? "off" : "on");
            if (sql.Is(i, "level"))
                i += sql.Is(i + 1, "read", "repeatable") ? 2 : 1;
        }

        void Add(string name, string value) => effects.Add(new PgEffect(kind, prefix + name, value, $"SET {prefix}{name} = '{value}'"));
    }

    /// <summary>CREATE … TEMP …, or of something in the schema that is the session's own.</summary>
    private static void AddCreated(PgSql sql, List<PgEffect> effects)
    {
        AddInto(sql, effects);
        var at = 1;
        var isTemporary = false;
        while (sql.Is(at, "or", "replace", "global", "local", "unlogged", "recursive", "temp", "temporary", "materialized"))
            isTemporary |= sql.Is(at++, "temp", "temporary");
        if (!sql.Is(at++, "table", "view", "sequence", "function", "procedure", "type", "domain", "aggregate"))
            return;
        if (sql.Is(at, "if"))
            at += 3;
        var (schema, name) = sql.QualifiedAt(ref at);
        if ((isTemporary || IsOwn(schema)) && name is not null && !EndsWithTransaction(sql))
            effects.Add(new PgEffect(PgEffectKind.MakeTemporary, name));
    }

    private static void AddInto(PgSql sql, List<PgEffect> effects)
    {
        for (var i = 1; i < sql.Count; i++)
        {
            if (!sql.Is(i, "into"))
                continue;
            var at = sql.Is(i + 1, "local", "global") ? i + 2 : i + 1;
            if (!sql.Is(at, "temp", "temporary"))
                continue;
            at += sql.Is(at + 1, "table") ? 2 : 1;
            if (sql.QualifiedAt(ref at).Name is { } name)
                effects.Add(new PgEffect(PgEffectKind.MakeTemporary, name));
        }
    }

    private static bool EndsWithTransaction(PgSql sql) =>
        sql.Place("commit", 1, sql.Count) is > 0 and var commit && sql.Is(commit - 1, "on") && sql.Is(commit + 1, "drop");

    private static bool IsOwn(string? schema) => schema?.StartsWith("pg_temp", StringComparison.Ordinal) == true;

    private static void AddDropped(PgSql sql, List<PgEffect> effects)
    {
        var at = 2;
        while (sql.Is(at, "if", "exists", "view", "table"))
            at++;
        for (; at < sql.Count; at++)
        {
            var (schema, name) = sql.QualifiedAt(ref at);
            // One of another schema is none of the session's own.
            if (name is not null && (schema is null || IsOwn(schema)))
                effects.Add(new PgEffect(PgEffectKind.Drop, name));
            while (at < sql.Count && !sql.IsSymbol(at, ","))
                at++;
        }
    }

    /// <summary>Functions that set something or lock something of the session's, wherever in a statement they are called.</summary>
    private static void AddCalls(PgSql sql, IReadOnlyList<string?> parameters, List<PgEffect> effects)
    {
        var read = 0;
        for (var i = 1; i + 1 < sql.Count; i++)
        {
            if (!sql.IsSymbol(i + 1, "("))
                continue;
            if (effects.Count > MostEffects)
                return;
            switch (sql.NameAt(i))
            {
                case "set_config" when ++read > MostRead:
                    effects.Add(Unread);
                    return;
                case "set_config":
                    AddConfig(sql, i + 1, parameters, effects);
                    break;
                case "pg_advisory_lock" or "pg_advisory_lock_shared" or "pg_try_advisory_lock" or "pg_try_advisory_lock_shared":
                    effects.Add(new PgEffect(PgEffectKind.Lock));
                    break;
                case "pg_advisory_unlock" or "pg_advisory_unlock_shared":
                    effects.Add(new PgEffect(PgEffectKind.Unlock));
                    break;
                case "pg_advisory_unlock_all":
                    effects.Add(new PgEffect(PgEffectKind.UnlockAll));
                    break;
            }
        }
    }

    private static void AddConfig(PgSql sql, int open, IReadOnlyList<string?> parameters, List<PgEffect> effects)
    {
        const string unmade = "a setting made by set_config";
        var arguments = sql.ArgumentsAt(open);
        if (arguments.Count != 3)
            return;
        var (isName, written) = ValueOf(sql, arguments[0], parameters);
        var name = PgSetStatement.Named(isName && written is not null ? written : "set_config");
        var (isKnown, value) = ValueOf(sql, arguments[1], parameters);
        // One that is too long to be said again is told from others all the same.
        var isLong = name.Length + (value?.Length ?? 0) > LongestKept;
        var isLocal = IsTrue(sql, arguments[2], parameters);
        // What is not known is at least different where it is written differently.
        var meaning = isKnown ? value : $"{sql.Slice(open, sql.EndOfGroup(open))} {string.Join(' ', parameters)}";
        if (isLocal != false)
            effects.Add(new PgEffect(PgEffectKind.SetLocal, name, meaning is null ? null : Bounded(PgSetStatement.Normal(name, meaning))));
        if (isLocal == true)
            return;
        if (isLocal is null || !isName)
            effects.Add(new PgEffect(PgEffectKind.Lose, unmade));
        else if (isKnown && value is null)
            effects.Add(new PgEffect(PgEffectKind.Reset, name));
        else if (isKnown && !isLong)
            effects.Add(PgSetStatement.Config(name, value!));
        else
            effects.AddRange([new PgEffect(PgEffectKind.Set, name, Bounded(meaning!)), new PgEffect(PgEffectKind.Lose, unmade)]);
    }

    /// <summary>What an argument is; not known where it is more than a text or a parameter.</summary>
    private static (bool IsKnown, string? Value) ValueOf(PgSql sql, (int From, int To) argument, IReadOnlyList<string?> parameters)
    {
        var place = sql.PlainAt(argument.From, argument.To);
        if (place < 0)
            return (false, null);
        var token = sql[place];
        switch (token.Kind)
        {
            case PgTokenKind.Text when !sql.Text[token.Content].Contains('\\', StringComparison.Ordinal):
                return (true, sql.ContentAt(place));
            case PgTokenKind.Number:
                return (true, sql.Text[token.Content]);
            case PgTokenKind.Parameter:
                return sql.ParameterAt(place) is { } number && number <= parameters.Count ? (true, parameters[number - 1]) : (false, null);
            default:
                return (sql.Is(place, "null"), null);
        }
    }

    /// <summary>A boolean; null where it is not known.</summary>
    private static bool? IsTrue(PgSql sql, (int From, int To) argument, IReadOnlyList<string?> parameters)
    {
        var place = sql.PlainAt(argument.From, argument.To);
        if (sql.Is(place, "true"))
            return true;
        if (sql.Is(place, "false"))
            return false;
        // In binary it is one byte.
        return ValueOf(sql, argument, parameters).Value?.ToUpperInvariant() switch
        {
            "T" or "TRUE" or "1" or "ON" or "Y" or "YES" or "\u0001" => true,
            "F" or "FALSE" or "0" or "OFF" or "N" or "NO" or "\0" => false,
            _ => null,
        };
    }

    /// <summary>What the body of DO does as far as it is written in it: it may be in a branch that is not taken.</summary>
    private static void AddBody(PgSql sql, List<PgEffect> effects)
    {
        var read = 0;
        for (var i = 1; i < sql.Count; i++)
        {
            if (sql[i].Kind != PgTokenKind.Text)
                continue;
            foreach (var inner in PgSql.Split(sql.Text, escapes: false, sql[i].Content))
            {
                AddCalls(inner, [], effects);
                for (var at = 0; at < inner.Count; at++)
                {
                    // Elsewhere it is a part of an UPDATE.
                    if (!inner.Is(at, "set") || (at > 0 && !inner.Is(at - 1, "begin", "then", "else", "loop")))
                        continue;
                    if (++read > MostRead || effects.Count > MostEffects)
                    {
                        effects.Add(Unread);
                        return;
                    }

                    PgSetStatement.Add(inner, at, effects);
                }
            }
        }
    }

    private static void AddExecuted(PgSql sql, Func<string, string?> preparedAs, List<PgEffect> effects)
    {
        if (sql.NameAt(1) is not { } name || preparedAs(name) is not { } prepared || Prepared(prepared) is not { } executed)
            return;
        var arguments = sql.IsSymbol(2, "(") ? sql.ArgumentsAt(2).ConvertAll(argument => ValueOf(sql, argument, []).Value) : [];
        if (!executed.Is(0, "execute"))
            effects.AddRange(Of(executed, arguments).Effects);
    }

    /// <summary>The statement that was prepared by a text, in SQL or by the protocol; null where there is none.</summary>
    public static PgSql? Prepared(string text)
    {
        if (PgSql.Split(text) is not [var whole, ..])
            return null;
        var body = whole.Is(0, "prepare") ? PgSql.Split(text, escapes: false, whole[BodyAt(whole)].Start..text.Length) : [whole];
        return body is [var first, ..] ? first : null;
    }

    /// <summary>Where the statement begins that a PREPARE prepares.</summary>
    private static int BodyAt(PgSql prepare) => Math.Min(Math.Max(prepare.Place("as", 2, prepare.Count), 1) + 1, prepare.Count - 1);
}
