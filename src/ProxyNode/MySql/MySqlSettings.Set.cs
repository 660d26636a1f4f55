namespace JustRunIt.ProxyNode.MySql;

/// <content>How a SET is read.</content>
internal sealed partial class MySqlSettings
{
    /// <summary>A SET was executed.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="database">The session's.</param>
    /// <param name="parameters">Of one that was prepared.</param>
    public void Set(ReadOnlySpan<MySqlToken> statement, string database, string parameters = "")
    {
        if (statement.Length < 2 || statement[1].IsAny("DEFAULT", "RESOURCE") || (statement.Length > 2 && statement[2].Is("RESOURCE")))
            return;
        var isScoped = statement[1].IsAny("SESSION", "LOCAL", "GLOBAL");
        if (statement[isScoped ? Math.Min(2, statement.Length - 1) : 1].Is("TRANSACTION"))
        {
            // Without a word before it, it is for the next transaction only.
            if (isScoped && !statement[1].Is("GLOBAL"))
                SetTransaction(statement[3..]);
            return;
        }

        // Every value is found before any is set.
        var (scope, assignments) = ("", new List<Assignment>());
        var parts = Parts(statement[1..]);
        if (parts.Count > MostParts)
        {
            // Each may read what any other sets.
            LoseAny(MoreThanKept);
            return;
        }

        foreach (var part in parts)
        {
            if (AssignmentIn(statement[1..][part], ref scope, database, parameters) is { } assignment)
                assignments.Add(assignment);
        }

        if (assignments.Where((reading, at) => assignments.Take(at).Any(other => reading.Reads(other.Key))).Any())
            PutTogether(assignments);
        else
            assignments.ForEach(assignment => Put(assignment, ++made, assignment.Sql, assignment.Read));
    }

    /// <summary>At the commas that are in no brackets.</summary>
    private static List<Range> Parts(ReadOnlySpan<MySqlToken> tokens)
    {
        var parts = new List<Range>();
        var (from, depth) = (0, 0);
        for (var at = 0; at < tokens.Length; at++)
        {
            if (tokens[at].IsMark("("))
                depth++;
            else if (tokens[at].IsMark(")"))
                depth--;
            if (depth > 0 || !tokens[at].IsMark(","))
                continue;
            parts.Add(from..at);
            from = at + 1;
        }

        parts.Add(from..tokens.Length);
        return parts;
    }

    /// <summary>Whether a value is another each time, is not told by the words alone, or is a routine's.</summary>
    private static bool IsDrawn(ReadOnlySpan<MySqlToken> value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            var isCalled = i + 1 < value.Length && value[i + 1].IsMark("(");
            switch (value[i].Kind)
            {
                case MySqlTokenKind.Word when MySqlFunctions.IsDrawn(value[i].Raw, isCalled):
                case MySqlTokenKind.Name:
                case MySqlTokenKind.System when MySqlFunctions.IsVolatile(value[i].Text):
                case MySqlTokenKind.Mark when value[i].Raw is ":=" or "?":
                    return true;
            }
        }

        return false;
    }

    /// <summary>Whether a value is written as it is: nothing else has a say in it, but for a string's character set.</summary>
    private static bool IsLiteral(ReadOnlySpan<MySqlToken> value) => value switch
    {
        [{ Kind: MySqlTokenKind.Number or MySqlTokenKind.Word or MySqlTokenKind.String or MySqlTokenKind.Name }] => true,
        [{ Kind: MySqlTokenKind.Mark, Raw: "-" or "+" }, { Kind: MySqlTokenKind.Number }] => true,
        [{ Kind: MySqlTokenKind.Word }, { Kind: MySqlTokenKind.String }] => true,
        _ => false,
    };

    private void SetTransaction(ReadOnlySpan<MySqlToken> characteristics)
    {
        foreach (var part in Parts(characteristics))
        {
            var said = characteristics[part];
            if (said.Length == 0)
                continue;
            var sql = "SET SESSION TRANSACTION " + MySqlLexer.Join(said);
            var key = said[0].Is("ISOLATION") ? "transaction_isolation" : "transaction_read_only";
            Put(key, new MySqlAssignment(++made, sql, sql, [], null));
        }
    }

    /// <summary>One assignment, null of what leaves nothing in the session; a word for the scope holds for those that follow.</summary>
    private Assignment? AssignmentIn(ReadOnlySpan<MySqlToken> part, ref string scope, string database, string parameters)
    {
        if (part.Length == 0)
            return null;
        var isAssigned = part.Length > 1 && part[1].Raw is "=" or ":=";
        if (!isAssigned && part[0].IsAny("NAMES", "CHARSET", "CHARACTER", "ROLE", "PASSWORD"))
            return NamedIn(part, database);
        if (!isAssigned && part[0].IsAny("GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"))
        {
            scope = part[0].Raw.ToUpperInvariant();
            part = part[1..];
        }

        // A part of a name in two: of a key cache, or of a component.
        var equals = part.Length > 3 && part[1].IsMark(".") ? 3 : 1;
        if (part.Length < equals + 2 || part[equals].Raw is not ("=" or ":=")
            || part[0].Kind is MySqlTokenKind.Mark or MySqlTokenKind.Number)
            return new Assignment(Anything, "SET " + MySqlLexer.Join(part)) { IsLost = true };
        var own = part[0].Kind == MySqlTokenKind.System ? ScopeOf(part[0].Text) : scope;
        var target = MySqlLexer.Join(part[..equals]);
        var key = equals == 1 ? KeyOf(part[0]) : target.ToLowerInvariant();
        if (part[0].Kind == MySqlTokenKind.Variable || (own is "" or "SESSION" or "LOCAL" && !NotOfSession.Contains(key)))
            return ValueIn(key, target, part[(equals + 1)..], database, parameters);
        return null;
    }

    private static string ScopeOf(string name)
    {
        var scope = name.Split('.')[0].ToUpperInvariant();
        return scope is "GLOBAL" or "PERSIST" or "PERSIST_ONLY" ? scope : "";
    }

    private Assignment ValueIn(string key, string target, ReadOnlySpan<MySqlToken> value, string database, string parameters)
    {
        var isLiteral = IsLiteral(value);
        // The name of a character set may be in quotes that names have.
        var isDrawn = IsDrawn(value) && !(isLiteral && !IsOfUser(key) && value[0].Kind == MySqlTokenKind.Name);
        var read = new HashSet<string>(StringComparer.Ordinal);
        if (!isLiteral)
            read.UnionWith(KeysIn(value));
        else if (IsOfUser(key) && value[^1].Kind == MySqlTokenKind.String)
            // Which characters a string is, and where it ends.
            read.UnionWith(OfParsing);
        var isWide = !isLiteral && value.Length > 1;
        var written = MySqlLexer.Join(value);
        return new Assignment(key, $"SET {target}={written}")
        {
            Meaning = $"{key}={written}{(written.Contains('?', StringComparison.Ordinal) ? parameters : "")}",
            IsLost = isDrawn,
            IsWide = isWide,
            Keys = read,
            Read = Values(isWide ? read.Union(OfServer) : read),
            Database = isDrawn || DependsOnDatabase(value) ? database : null,
            Text = StringIn(value),
            Mode = ModeOf(value),
        };
    }

    /// <summary>SET NAMES and its kin.</summary>
    private static Assignment? NamedIn(ReadOnlySpan<MySqlToken> part, string database)
    {
        var sql = "SET " + MySqlLexer.Join(part);
        return part[0].Is("PASSWORD") ? null
            : part[0].Is("ROLE") ? new Assignment("role", sql)
            : new Assignment(Names, sql) { Database = part[0].Is("NAMES") ? null : database };
    }

    private void Put(Assignment assignment, long number, string sql, IReadOnlyList<MySqlAssignment> read)
    {
        if (assignment.Key == Anything)
        {
            LoseAny(assignment.Meaning);
            return;
        }

        Put(
            assignment.Key,
            new MySqlAssignment(number, assignment.IsLost ? null : sql, assignment.Meaning, read, assignment.Database)
            {
                Text = assignment.Text,
                Mode = assignment.Mode,
            });
        if (assignment.Key == SqlMode)
            Dialect = assignment.Mode ?? Dialect;
    }

    /// <summary>Where one reads what another sets, only the same statement makes them again.</summary>
    private void PutTogether(List<Assignment> assignments)
    {
        var sql = "SET " + string.Join(", ", assignments.Select(assignment => assignment.Sql["SET ".Length..]));
        var read = assignments.SelectMany(assignment => assignment.Read).Distinct().ToArray();
        var isLost = assignments.Exists(assignment => assignment.IsLost);
        made++;
        foreach (var assignment in assignments)
            Put(assignment with { IsLost = isLost }, made, sql, read);
    }

    /// <summary>What a mode would be that is set to a value; null where that is not known.</summary>
    private MySqlDialect? ModeOf(ReadOnlySpan<MySqlToken> value)
    {
        switch (value)
        {
            case [{ Kind: MySqlTokenKind.Word } word] when word.Is("DEFAULT"):
                return initial;
            case [{ Kind: MySqlTokenKind.Word or MySqlTokenKind.Number } word]:
                return Dialect.With(word.Raw);
            case [{ Kind: MySqlTokenKind.Name } name]:
                return Dialect.With(name.Text);
            case [{ Kind: MySqlTokenKind.System } system]:
                return KeyOf(system) == SqlMode ? Dialect : system.Text == "global.sql_mode" ? initial : null;
            case [{ Kind: MySqlTokenKind.Variable } variable]:
                return values.GetValueOrDefault(variable.Text)?.Mode;
            case [{ Kind: MySqlTokenKind.String } text]:
                return Dialect.With(MySqlLexer.ValueOf(text.Raw, Dialect));
            default:
                return value.Length > 0 ? ModeOfCall(value) : null;
        }
    }

    /// <summary>Of what clients write to add a mode, or to take one away.</summary>
    private MySqlDialect? ModeOfCall(ReadOnlySpan<MySqlToken> value)
    {
        var (mode, named) = (Dialect.With(""), Dialect.With(""));
        foreach (var token in value)
        {
            if (token.Kind == MySqlTokenKind.String)
                named = named.And(Dialect.With(MySqlLexer.ValueOf(token.Raw, Dialect)));
            else if (token.Kind is MySqlTokenKind.System or MySqlTokenKind.Variable && ModeOf([token]) is { } one)
                mode = mode.And(one);
        }

        return value[0].IsAny("CONCAT", "CONCAT_WS") ? mode.And(named)
            : value[0].IsAny("REPLACE", "REGEXP_REPLACE", "TRIM") ? mode.Without(named)
            : null;
    }

    private static bool DependsOnDatabase(ReadOnlySpan<MySqlToken> value)
    {
        foreach (var token in value)
        {
            if (token.IsAny("DATABASE", "SCHEMA")
                || (token.Kind == MySqlTokenKind.System && token.Text.EndsWith("_database", StringComparison.Ordinal)))
                return true;
        }

        return false;
    }

    /// <summary>One of the assignments of a SET.</summary>
    /// <param name="Key">Of what.</param>
    /// <param name="Sql">The statement that would be it alone.</param>
    private sealed record Assignment(string Key, string Sql)
    {
        /// <summary>What decides the value besides what it reads.</summary>
        public string Meaning { get; init; } = Sql;

        /// <summary>The value cannot be set again.</summary>
        public bool IsLost { get; init; }

        /// <summary>Whatever is set for the session has a say in it.</summary>
        public bool IsWide { get; init; }

        /// <summary>What it reads by its name.</summary>
        public IReadOnlySet<string> Keys { get; init; } = new HashSet<string>();

        /// <summary>What that was.</summary>
        public IReadOnlyList<MySqlAssignment> Read { get; init; } = [];

        /// <inheritdoc cref="MySqlAssignment.Database"/>
        public string? Database { get; init; }

        /// <inheritdoc cref="MySqlAssignment.Text"/>
        public string? Text { get; init; }

        /// <inheritdoc cref="MySqlAssignment.Mode"/>
        public MySqlDialect? Mode { get; init; }

        /// <summary>Whether it reads what another one has set.</summary>
        /// <param name="key">Of what.</param>
        public bool Reads(string key) => Keys.Contains(key) || (IsWide && !IsOfUser(key))
            || (key == Names && OfParsing.Any(Keys.Contains));
    }
}
