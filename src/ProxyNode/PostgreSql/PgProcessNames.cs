using System.Globalization;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>Whether a statement that ends or cancels sessions can be said in the clone's numbers. The last is the worst.</summary>
internal enum PgNaming
{
    /// <summary>It can, or it ends none.</summary>
    Known,

    /// <summary>It names a session that the clone does not have.</summary>
    Nobody,

    /// <summary>Which sessions it ends cannot be told from it.</summary>
    Unreadable,
}

/// <summary>
/// Finds the numbers of processes in a text: arguments of the functions that take one, and what a column <c>pid</c> is compared with where
/// the server's own views of sessions are asked.
/// </summary>
internal sealed class PgProcessNames
{
    /// <summary>
    /// Most characters of arguments, lists and prepared statements that are looked into: they may be within each other. Of a text with more
    /// it cannot be told which sessions it ends.
    /// </summary>
    private const int MostRead = 64 * 1024;

    /// <summary>Most names with points between them.</summary>
    private const int MostParts = 8;

    private readonly Identities identities;
    private readonly Func<string, string?> preparedAs;
    private readonly Dictionary<string, string> prepared = [];
    private readonly Dictionary<string, PgProcessNames?> executed = [];
    private PgSql sql = null!;
    private bool isWithinSearch;
    private bool hasOther;
    private int read;

    private PgProcessNames(Func<string, string?> preparedAs, Identities identities) =>
        (this.preparedAs, this.identities) = (preparedAs, identities);

    /// <summary>Places of the text with what is to stand there.</summary>
    public Dictionary<(int Start, int End), string> Numbers { get; } = [];

    /// <summary>Parameters that are such numbers, from 1 on, and whether one may be nobody's.</summary>
    public Dictionary<int, bool> Parameters { get; } = [];

    /// <summary>Parameters that are numbers of transactions, from 1 on.</summary>
    public HashSet<int> Transactions { get; } = [];

    /// <summary>Whether it ends or cancels sessions.</summary>
    public bool Signals { get; private set; }

    /// <summary>Whether it can be said in the clone's numbers, apart from its parameters.</summary>
    public PgNaming Naming { get; private set; }

    /// <summary>Whether it is its form, not a number, from which the sessions that it ends cannot be told.</summary>
    public bool IsObscure { get; private set; }

    /// <summary>Those of a text.</summary>
    /// <param name="text">The text, a byte a character.</param>
    /// <param name="preparedAs">What was prepared under a name; null where nothing was.</param>
    /// <param name="identities">What is known.</param>
    public static PgProcessNames In(string text, Func<string, string?> preparedAs, Identities identities)
    {
        var names = new PgProcessNames(preparedAs, identities);
        foreach (var statement in PgSql.Split(text))
            names.Find(statement);
        return names;
    }

    private void Find(PgSql statement)
    {
        if (statement.Is(0, "do"))
        {
            FindInBody(statement);
            return;
        }

        sql = statement;
        if (statement.Is(0, "execute"))
        {
            FindExecuted();
            return;
        }

        if (statement.Is(0, "prepare") && statement.NameAt(1) is { } name)
        {
            prepared[name] = statement.Written;
            executed.Remove(name);
        }

        var (signalled, named, wasObscure) = (Signals, Naming, IsObscure);
        (Signals, hasOther) = (false, false);
        var asksForSessions = AsksForSessions(sql) || isWithinSearch;
        for (var i = 0; i + 1 < sql.Count; i++)
        {
            if (sql.IsSymbol(i + 1, "(") && sql.NameAt(i) is { } function)
                FindCall(function, i + 1, asksForSessions);
        }

        if (asksForSessions)
        {
            for (var i = 0; i < sql.Count; i++)
            {
                if (sql.NameAt(i) == "pid" && !sql.IsSymbol(i + 1, "=>") && !sql.IsSymbol(i + 1, ":="))
                    FindCompared(i);
            }
        }

        FindTransactions();
        if (hasOther && LeavesKnownNumber())
            Obscure();
        // What only asks, or is only prepared, ends nothing.
        if (!Signals || sql.Is(0, "prepare"))
            (Signals, Naming, IsObscure) = (false, named, wasObscure);
        Signals |= signalled;
    }

    /// <summary>The body of DO: what it does with sessions may be in one statement, and how it finds them in another.</summary>
    private void FindInBody(PgSql statement)
    {
        for (var i = 1; i < statement.Count; i++)
        {
            if (statement[i].Kind != PgTokenKind.Text)
                continue;
            var inner = PgSql.Split(statement.Text, escapes: false, statement[i].Content);
            isWithinSearch = inner.Exists(AsksForSessions);
            // EXECUTE is another there, and a body within a body is one that nobody writes.
            foreach (var within in inner.Where(within => !within.Is(0, "do", "execute", "prepare")))
                Find(within);
            isWithinSearch = false;
        }
    }

    /// <summary>The functions that take a process.</summary>
    private void FindCall(string function, int open, bool asksForSessions)
    {
        var signals = function is "pg_terminate_backend" or "pg_cancel_backend";
        if (!signals && function is not ("pg_log_backend_memory_contexts" or "pg_blocking_pids" or "pg_safe_snapshot_blocking_pids"
            or "pg_stat_get_activity"))
            return;
        Signals |= signals;
        if (IsTooMuch())
            return;
        var arguments = sql.ArgumentsAt(open);
        if (arguments.Count == 0)
            return;
        Reads(open, arguments[^1].To);
        var named = arguments.FindIndex(part =>
            sql.Is(part.From, "pid") && (sql.IsSymbol(part.From + 1, "=>") || sql.IsSymbol(part.From + 1, ":=")));
        var (from, to) = named < 0 ? arguments[0] : (arguments[named].From + 2, arguments[named].To);
        var place = sql.PlainAt(from, to);
        if (place >= 0 && Take(place, mayBeNobody: true, isArgument: true))
            return;
        hasOther |= signals;
        // A session that the server finds itself is its own.
        if (signals && !asksForSessions && !FindsItself(from, to))
            Obscure();
    }

    private bool FindsItself(int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            if (sql.NameAt(i) is "pg_backend_pid" or "pg_blocking_pids" && sql.IsSymbol(i + 1, "("))
                return true;
        }

        return false;
    }

    /// <summary>Whether the server's views of sessions are asked.</summary>
    private static bool AsksForSessions(PgSql statement)
    {
        for (var i = 0; i < statement.Count; i++)
        {
            if (statement.NameAt(i) is { } name && (name.StartsWith("pg_stat_", StringComparison.Ordinal) || name == "pg_locks"))
                return true;
        }

        return false;
    }

    /// <summary>What a column is compared with, behind it or before it.</summary>
    private void FindCompared(int column)
    {
        var behind = column + 1;
        var isNegated = sql.IsSymbol(behind, "<>") || sql.IsSymbol(behind, "!=") || (sql.Is(behind, "not") && sql.Is(behind + 1, "in"));
        if (isNegated || sql.IsSymbol(behind, "=") || sql.Is(behind, "in"))
        {
            TakeOperand(sql.Is(behind, "not") ? behind + 2 : behind + 1, !isNegated);
            return;
        }

        // Such sessions at the clone are others.
        if (Signals && (sql.IsSymbol(behind, "<") || sql.IsSymbol(behind, ">") || sql.IsSymbol(behind, "<=") || sql.IsSymbol(behind, ">=")
            || sql.Is(behind, "between")))
            Obscure();
        var first = column;
        for (var part = 1; part < MostParts && sql.IsSymbol(first - 1, ".") && sql.NameAt(first - 2) is not null; part++)
            first -= 2;
        if (sql.IsSymbol(first - 1, "=") || sql.IsSymbol(first - 1, "<>") || sql.IsSymbol(first - 1, "!="))
            Take(first - 2, mayBeNobody: sql.IsSymbol(first - 1, "="), isArgument: false);
    }

    /// <summary>What a row's <c>xmin</c> is compared with: one that is not known is the same at both.</summary>
    private void FindTransactions()
    {
        for (var i = 0; i + 2 < sql.Count; i++)
        {
            if (sql.NameAt(i) != "xmin" || !sql.IsSymbol(i + 1, "="))
                continue;
            var place = i + 2;
            while (sql.IsSymbol(place, "(") || sql.Is(place, "cast"))
                place++;
            if (sql.ParameterAt(place) is { } parameter)
                Transactions.Add(parameter);
            else if (place < sql.Count && ReadNumber(place) is { } number && PgTransactionNumbers.OfClone(number, identities) is { } clone)
                Numbers[(sql[place].Start, sql[place].End)] = string.Create(CultureInfo.InvariantCulture, $"'{clone}'");
        }
    }

    private void TakeOperand(int place, bool mayBeNobody)
    {
        if (sql.Is(place, "all"))
            mayBeNobody = false;
        while (sql.Is(place, "any", "some", "all", "array", "cast") || sql.IsSymbol(place, "+")
            || (sql.NameAt(place) is not null && place + 1 < sql.Count && sql[place + 1].Kind == PgTokenKind.Text))
            place++;
        if (!sql.IsSymbol(place, "(") && !sql.IsSymbol(place, "["))
        {
            Take(place, mayBeNobody, isArgument: false);
            return;
        }

        if (IsTooMuch())
            return;
        var end = sql.EndOfGroup(place);
        Reads(place, end);
        // What a query within finds is the server's own; a number that it knows is found all the same.
        if (sql.Place("select", place, end) >= 0)
            return;
        for (var i = place; i < end; i++)
            Take(i, mayBeNobody, isArgument: false);
    }

    /// <summary>Takes a word if it is a number, a text of numbers, or a parameter.</summary>
    /// <param name="place">Where it is.</param>
    /// <param name="mayBeNobody">Whether 0 can take the place of one that the clone does not have: nothing happens then.</param>
    /// <param name="isArgument">Whether it is a process for certain; else a column may only have the same name.</param>
    private bool Take(int place, bool mayBeNobody, bool isArgument)
    {
        if (place < 0 || place >= sql.Count)
            return false;
        var token = sql[place];
        if (token.Kind == PgTokenKind.Parameter)
        {
            if (sql.ParameterAt(place) is { } number)
                Parameters[number] = mayBeNobody && Parameters.GetValueOrDefault(number, true);
            return true;
        }

        if (ReadNumber(place) is { } written)
        {
            var known = PgProcessNumbers.OfClone(written, identities);
            if (known is null && !Signals && !isArgument)
                return true;
            if (known is null)
                Worsen(mayBeNobody ? PgNaming.Nobody : PgNaming.Unreadable);
            var other = (known ?? 0).ToString(CultureInfo.InvariantCulture);
            Numbers[(token.Start, token.End)] = token.Kind == PgTokenKind.Text ? $"'{other}'" : other;
            return true;
        }

        if (token.Kind != PgTokenKind.Text)
            return false;
        var naming = PgNaming.Known;
        if (PgProcessValue.InText(sql.ContentAt(place), identities, ref naming) is not { } replaced)
            return false;
        if (naming == PgNaming.Nobody && !Signals && !isArgument)
            return true;
        Worsen(naming == PgNaming.Nobody && !mayBeNobody ? PgNaming.Unreadable : naming);
        Numbers[(token.Start, token.End)] = $"'{replaced}'";
        return true;
    }

    private long? ReadNumber(int place)
    {
        var token = sql[place];
        if (token.Kind is not (PgTokenKind.Number or PgTokenKind.Text))
            return null;
        var digits = sql.Text[token.Content].Trim().Replace("_", "", StringComparison.Ordinal);
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? hex : null;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Whether a number that is a known process' stands where it was not understood.</summary>
    private bool LeavesKnownNumber()
    {
        for (var i = 0; i < sql.Count; i++)
        {
            if (ReadNumber(i) is { } number && !Numbers.ContainsKey((sql[i].Start, sql[i].End))
                && PgProcessNumbers.OfClone(number, identities) is not null)
                return true;
        }

        return false;
    }

    /// <summary>EXECUTE of what takes a process as its parameter.</summary>
    private void FindExecuted()
    {
        var execute = sql;
        if (execute.NameAt(1) is not { } name)
            return;
        if (!executed.TryGetValue(name, out var inner))
        {
            if (IsTooMuch())
            {
                Signals = true;
                return;
            }

            executed[name] = inner = Prepared(name);
        }

        if (inner is null)
            return;
        var named = Naming;
        Signals |= inner.Signals;
        if (inner.IsObscure)
            Obscure();
        read += inner.Parameters.Count;
        if (read > MostRead)
        {
            if (inner.Signals)
                Obscure();
            return;
        }

        var arguments = execute.IsSymbol(2, "(") ? execute.ArgumentsAt(2) : [];
        foreach (var (parameter, mayBeNobody) in inner.Parameters)
        {
            if (parameter > arguments.Count)
                continue;
            var place = execute.PlainAt(arguments[parameter - 1].From, arguments[parameter - 1].To);
            if (!Take(place, mayBeNobody, isArgument: true) && inner.Signals)
                Obscure();
        }

        if (!inner.Signals)
            Naming = named;
    }

    /// <summary>What a statement names that was prepared under a name; null where it names nothing.</summary>
    private PgProcessNames? Prepared(string name)
    {
        if ((prepared.GetValueOrDefault(name) ?? preparedAs(name)) is not { } text || !PgProcessNumbers.MayName(text))
            return null;
        read += text.Length;
        if (PgEffects.Prepared(text) is not { } first)
            return null;
        // What it executes executes no other.
        var inner = new PgProcessNames(_ => null, identities);
        inner.Find(first);
        return inner;
    }

    private void Reads(int from, int to) => read += sql[Math.Min(to, sql.Count) - 1].End - sql[from].Start;

    /// <summary>Whether no more is looked into.</summary>
    private bool IsTooMuch()
    {
        if (read <= MostRead)
            return false;
        Obscure();
        return true;
    }

    private void Obscure()
    {
        IsObscure = true;
        Worsen(PgNaming.Unreadable);
    }

    private void Worsen(PgNaming how) => Naming = how > Naming ? how : Naming;
}
