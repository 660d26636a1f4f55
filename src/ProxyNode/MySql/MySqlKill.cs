using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Statements that name a session by the number that the server gave it, above all to end it, or what it does: at a clone that is another
/// number (MariaDB and MySQL manuals, "KILL"). Those that end the server are not repeated either.
/// </summary>
/// <param name="identities">What each side calls a connection.</param>
internal sealed class MySqlKill(Identities identities)
{
    private const int ArgumentAt = MySqlPacket.HeaderLength + 1;
    private const string OfOriginal = "the original's MySQL connection ";
    private const string OfClone = "the clone's MySQL connection ";

    /// <summary>A text that is prepared may prepare another.</summary>
    private const int Deepest = 3;

    /// <summary>Columns that have such a number, whatever they are of.</summary>
    private static readonly string[] Columns = ["PROCESSLIST_ID", "TRX_MYSQL_THREAD_ID"];

    /// <summary>One that has it in a list of sessions.</summary>
    private const string OfSessions = "ID";

    /// <summary>Both sides' numbers of the same connection.</summary>
    public void Pair(uint original, uint clone)
    {
        var (ours, theirs) = (NameOf(OfOriginal, original), NameOf(OfClone, clone));
        identities.Pair(ours, theirs);
        // A clone that was started anew counts from one again: whoever had the number before has it no more.
        identities.Pair(theirs, ours);
    }

    /// <summary>Why a command must not be repeated: it would hit a connection that is no counterpart; null where it may.</summary>
    /// <param name="command">Which.</param>
    /// <param name="sql">Its text, or that of the statement that it executes.</param>
    /// <param name="session">At the clone.</param>
    public string? WhyNot(MySqlCommand command, ReadOnlySpan<byte> sql, MySqlSession session)
    {
        if (!MySqlWords.MayNameConnection(sql))
            return null;
        var named = new Named();
        Find(CollectionsMarshal.AsSpan(MySqlLexer.Read(sql, session.Dialect)), session, named, depth: 0);
        // What was prepared has the number that the original has.
        return named.Strange is not null ? named.Strange
            : named.Ended.Count == 0 ? null
            : command is MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute ? "KILL of a number that was prepared"
            : named.Ended.Any(number => CloneOf(number.Raw) is null) ? "KILL of a connection that has no counterpart at the clone"
            : null;
    }

    /// <summary>A command with the clone's numbers of connections.</summary>
    /// <param name="request">The command, in one packet; others are left as they are.</param>
    /// <param name="dialect">How its server reads a text.</param>
    public ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request, in MySqlDialect dialect)
    {
        var bytes = request.Span;
        if (bytes.Length != MySqlPacket.HeaderLength + MySqlPacket.PayloadLength(bytes))
            return request;
        var argument = bytes[ArgumentAt..];
        if ((MySqlCommand)bytes[MySqlPacket.HeaderLength] == MySqlCommand.ProcessKill)
        {
            return argument.Length < sizeof(uint) || CloneOf(BinaryPrimitives.ReadUInt32LittleEndian(argument)) is not { } of
                ? request
                : MySqlPacket.Frame([(byte)MySqlCommand.ProcessKill, .. BitConverter.GetBytes(of)], 0);
        }

        if (!MySqlWords.MayNameConnection(argument))
            return request;
        var named = new Named();
        Find(CollectionsMarshal.AsSpan(MySqlLexer.Read(argument, dialect)), session: null, named, depth: 0);
        List<byte>? rewritten = null;
        var copied = 0;
        foreach (var number in named.Ended.Concat(named.Shown).OrderBy(token => token.Start))
        {
            if (CloneOf(number.Raw) is not { } clone)
                continue;
            rewritten ??= [(byte)MySqlCommand.Query];
            rewritten.AddRange(argument[copied..number.Start]);
            rewritten.AddRange(Encoding.ASCII.GetBytes(clone.ToString(CultureInfo.InvariantCulture)));
            copied = number.End;
        }

        if (rewritten is null)
            return request;
        rewritten.AddRange(argument[copied..]);
        return rewritten.Count < MySqlPacket.FullPayload ? MySqlPacket.Frame(CollectionsMarshal.AsSpan(rewritten), 0) : request;
    }

    private static string NameOf(string whose, uint number) => whose + number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the statements of a text name.</summary>
    private static void Find(ReadOnlySpan<MySqlToken> tokens, MySqlSession? session, Named named, int depth)
    {
        while (!tokens.IsEmpty)
        {
            var statement = MySqlLexer.WithoutOwnSettings(MySqlLexer.Next(ref tokens));
            if (!statement.IsEmpty)
                FindIn(statement, session, named, depth);
        }
    }

    private static void FindIn(ReadOnlySpan<MySqlToken> statement, MySqlSession? session, Named named, int depth)
    {
        switch (statement[0].Raw.ToUpperInvariant())
        {
            case "KILL":
                Kill(statement[1..], named);
                return;
            case "CALL":
                Call(statement[1..], named);
                return;
            case "SHUTDOWN" or "RESTART":
                named.Strange = "SHUTDOWN";
                return;
            case "BEGIN" or "IF" or "CASE" or "WHILE" or "LOOP" or "REPEAT" or "FOR":
                foreach (var token in statement)
                {
                    if (token.Is("KILL"))
                        named.Strange = "KILL in a block of statements";
                }

                return;
            case "EXECUTE" when session is not null && statement.Length > 1:
                Executed(statement[1..], session, named, depth);
                return;
        }

        if (statement[0].IsAny(MySqlWords.Showing))
        {
            // EXPLAIN … FOR CONNECTION n, SHOW EXPLAIN FOR n.
            if (statement is [.., var before, { Kind: MySqlTokenKind.Number } shown] && before.IsAny("FOR", "CONNECTION"))
                named.Shown.Add(shown);
        }

        Compared(statement, named);
    }

    /// <summary>KILL [HARD | SOFT] [CONNECTION | QUERY] n, or QUERY ID n, or USER name.</summary>
    private static void Kill(ReadOnlySpan<MySqlToken> whom, Named named)
    {
        if (whom.Length > 1 && whom[0].IsAny("HARD", "SOFT"))
            whom = whom[1..];
        if (whom.Length > 1 && whom[0].IsAny("CONNECTION", "QUERY"))
            whom = whom[1..];
        while (whom.Length > 2 && whom[0].IsMark("(") && whom[^1].IsMark(")"))
            whom = whom[1..^1];
        switch (whom)
        {
            case [{ Kind: MySqlTokenKind.Number } number]:
                named.Ended.Add(number);
                return;
            // A number that the server finds itself is its own.
            case [var function, { Raw: "(" }, { Raw: ")" }] when function.Is("CONNECTION_ID"):
            case [{ Kind: MySqlTokenKind.System, Text: "pseudo_thread_id" or "session.pseudo_thread_id" }]:
                return;
            case [var what, ..] when what.Is("USER"):
                named.Strange = "KILL of all connections of a user";
                return;
            case [var what, _, ..] when what.Is("ID"):
                named.Strange = "KILL of a query by its number";
                return;
            default:
                named.Strange = "KILL of a number that the statement does not say";
                return;
        }
    }

    /// <summary>Procedures of managed services that end other sessions.</summary>
    private static void Call(ReadOnlySpan<MySqlToken> called, Named named)
    {
        var open = 0;
        while (open < called.Length && !called[open].IsMark("("))
            open++;
        if (open == 0 || !IsKill(called[open - 1].Text))
            return;
        // Other numbers are those of queries.
        var isOfQueries = called[open - 1].Text.EndsWith("_id", StringComparison.OrdinalIgnoreCase);
        if (!isOfQueries && called[open..] is [_, { Kind: MySqlTokenKind.Number } number, _])
            named.Ended.Add(number);
        else
            named.Strange = "KILL, by a procedure, of a number that the statement does not say";
    }

    private static bool IsKill(string procedure) => procedure.StartsWith("rds_kill", StringComparison.OrdinalIgnoreCase)
        || procedure.StartsWith("az_kill", StringComparison.OrdinalIgnoreCase);

    /// <summary>A text that was prepared as a statement has the original's numbers in it.</summary>
    private static void Executed(ReadOnlySpan<MySqlToken> what, MySqlSession session, Named named, int depth)
    {
        var isImmediate = what[0].Is("IMMEDIATE") && what.Length > 1;
        var end = 0;
        while (end < what.Length && !what[end].Is("USING"))
            end++;
        string? origin;
        string? text;
        if (isImmediate)
            (text, origin) = (session.StringIn(what[1..end]), MySqlLexer.Join(what[1..end]) + session.MeaningOf(what[1..end]));
        else
            text = session.PreparedAs(what[0].Text, out origin);
        if (text is null || depth >= Deepest)
        {
            if (origin?.Contains("KILL", StringComparison.OrdinalIgnoreCase) == true)
                named.Strange = "a text that is executed, and that may be a KILL";
            return;
        }

        var inner = new Named();
        Find(CollectionsMarshal.AsSpan(MySqlLexer.Read(MySqlText.Bytes(text), session.Dialect)), session, inner, depth + 1);
        named.Strange ??= inner.Strange ?? (inner.Ended.Count > 0 ? "KILL of a number that was prepared" : null);
    }

    /// <summary>In lists of sessions: <c>id = n</c>, <c>n = id</c>, <c>id IN (n, …)</c>.</summary>
    private static void Compared(ReadOnlySpan<MySqlToken> statement, Named named)
    {
        var isOfSessions = false;
        foreach (var token in statement)
            isOfSessions |= token.IsName && string.Equals(token.Text, "PROCESSLIST", StringComparison.OrdinalIgnoreCase);
        for (var at = 0; at < statement.Length; at++)
        {
            var isNamed = statement[at].IsName && (Columns.Contains(statement[at].Text, StringComparer.OrdinalIgnoreCase)
                || (isOfSessions && string.Equals(statement[at].Text, OfSessions, StringComparison.OrdinalIgnoreCase)));
            if (!isNamed)
                continue;
            var from = at - 1;
            while (from > 1 && statement[from].IsMark("."))
                from -= 2;
            if (from > 0 && IsComparison(statement[from]) && OperandBefore(statement, from) is { Kind: MySqlTokenKind.Number } before)
                named.Shown.Add(before);
            var to = at + 1;
            if (to < statement.Length && statement[to].Is("NOT"))
                to++;
            var isList = to + 1 < statement.Length && statement[to].Is("IN") && statement[to + 1].IsMark("(");
            if (isList)
                to += 2;
            while (!isList && to < statement.Length && IsComparison(statement[to]))
                to++;
            while (to > at + 1 && to < statement.Length && statement[to].Kind == MySqlTokenKind.Number)
            {
                named.Shown.Add(statement[to]);
                to += isList && to + 1 < statement.Length && statement[to + 1].IsMark(",") ? 2 : statement.Length;
            }
        }
    }

    private static MySqlToken OperandBefore(ReadOnlySpan<MySqlToken> statement, int comparison)
    {
        var at = comparison;
        while (at > 0 && IsComparison(statement[at]))
            at--;
        return statement[at];
    }

    private static bool IsComparison(MySqlToken token) => token.Kind == MySqlTokenKind.Mark && token.Raw is "=" or "<" or ">" or "!";

    private uint? CloneOf(string number) =>
        uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var original) ? CloneOf(original) : null;

    private uint? CloneOf(uint original)
    {
        var name = NameOf(OfOriginal, original);
        return identities.OfClone(name) is { } named && identities.OfClone(named) == name
            ? uint.Parse(named.AsSpan(OfClone.Length), CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>What statements name.</summary>
    private sealed class Named
    {
        /// <summary>Numbers of connections that are ended, or whose statement is.</summary>
        public List<MySqlToken> Ended { get; } = [];

        /// <summary>Numbers of connections of which something is shown.</summary>
        public List<MySqlToken> Shown { get; } = [];

        /// <summary>Why it cannot be told which connection is ended; null where it can.</summary>
        public string? Strange { get; set; }
    }
}
