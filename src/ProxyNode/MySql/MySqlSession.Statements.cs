using System.Runtime.InteropServices;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <content>What statements leave in a session.</content>
internal sealed partial class MySqlSession
{
    /// <summary>Most bytes of a text that are read, on whichever thread it is relayed.</summary>
    public const int LongestRead = 16 * 1024;

    /// <summary>A text that is prepared may prepare another.</summary>
    private const int Deepest = 3;

    /// <summary>How often what is left of a text is read anew, because a statement of it has changed how it is read.</summary>
    private const int MostReread = 16;

    /// <summary>How many texts that were prepared as statements are read of one text that executes them.</summary>
    private const int MostExecuted = 16;

    /// <summary>Of texts that were executed without being known: what only statements that read variables depend on.</summary>
    private const string UnknownText = "#";

    /// <summary>
    /// ER_PARSE_ERROR, ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, no access, no database: found before anything was done.
    /// </summary>
    private static readonly int[] FoundBefore = [1044, 1045, 1046, 1049, 1054, 1064, 1142, 1143, 1146, 1149, 1227, 1305];

    /// <summary>A text was executed without an error.</summary>
    /// <param name="sql">One statement, or several.</param>
    public void Execute(ReadOnlySpan<byte> sql) => Execute(sql, error: 0, results: null);

    /// <summary>A text was executed, all of it or up to a statement that failed.</summary>
    /// <param name="sql">One statement, or several.</param>
    /// <param name="error">With which error; 0 for none.</param>
    /// <param name="results">What was answered before the error, in order: whether with rows.</param>
    /// <param name="parameters">Of a statement that was prepared.</param>
    public void Execute(ReadOnlySpan<byte> sql, int error, IReadOnlyList<bool>? results, string parameters = "")
    {
        (context, executed) = (null, 0);
        if (sql.Length <= LongestRead)
            Execute(sql, error, results, parameters, depth: 0);
        else if (error == 0 || results is not null || !FoundBefore.Contains(error))
            ExecuteCut(sql);
    }

    /// <summary>
    /// A text was executed of which only the beginning is known: what that does is, unless it is of a kind of which the rest decides.
    /// </summary>
    /// <param name="sql">At least the beginning.</param>
    public void ExecuteCut(ReadOnlySpan<byte> sql)
    {
        context = null;
        sql = sql[..Math.Min(sql.Length, LongestRead)];
        ReadOnlySpan<MySqlToken> tokens = CollectionsMarshal.AsSpan(MySqlLexer.Read(sql, Dialect));
        while (!tokens.IsEmpty)
        {
            var statement = MySqlLexer.Next(ref tokens);
            if (!statement.IsEmpty && MySqlWords.BeginsWithChange(sql[statement[0].Start..]))
            {
                Lose("a statement too long to be kept", LosslessText.Of(sql));
                return;
            }

            if (!statement.IsEmpty)
            {
                CountLocks(statement);
                LoseAssigned(statement, " cut");
            }
        }
    }

    private void Execute(ReadOnlySpan<byte> sql, int error, IReadOnlyList<bool>? results, string parameters, int depth)
    {
        var answered = 0;
        var reread = 0;
        for (var rest = sql; !rest.IsEmpty; reread++)
        {
            var dialect = Dialect;
            ReadOnlySpan<MySqlToken> tokens = CollectionsMarshal.AsSpan(MySqlLexer.Read(rest, dialect));
            var next = rest.Length;
            while (!tokens.IsEmpty)
            {
                var statement = MySqlLexer.Next(ref tokens);
                if (error != 0 && !IsAnswered(statement, results, ref answered))
                {
                    Failed(statement, error, parameters);
                    return;
                }

                if (!statement.IsEmpty)
                    Execute(statement, parameters, depth);
                if (Dialect == dialect || tokens.IsEmpty || reread == MostReread)
                    continue;
                // What follows is read in another way.
                next = tokens[0].Start;
                break;
            }

            rest = rest[next..];
        }
    }

    /// <summary>
    /// Whether a statement was answered before the one that failed: each is once, a routine also with whatever it selects.
    /// </summary>
    private static bool IsAnswered(ReadOnlySpan<MySqlToken> statement, IReadOnlyList<bool>? results, ref int answered)
    {
        if (results is null)
            return false;
        if (statement.IsEmpty)
            return true;
        if (statement[0].Is("CALL"))
        {
            while (answered < results.Count && results[answered])
                answered++;
        }

        return answered++ < results.Count;
    }

    /// <summary>A statement that fails on its way may have set some variables before.</summary>
    private void Failed(ReadOnlySpan<MySqlToken> statement, int error, string parameters)
    {
        if (!statement.IsEmpty && !statement[0].Is("SET") && !FoundBefore.Contains(error))
            LoseAssigned(statement, parameters + " failed");
    }

    private void Execute(ReadOnlySpan<MySqlToken> statement, string parameters, int depth)
    {
        statement = MySqlLexer.WithoutOwnSettings(statement);
        if (statement.IsEmpty)
            return;
        var second = statement.Length > 1 ? statement[1] : default;
        switch (statement[0].Raw.ToUpperInvariant())
        {
            case "SET":
                settings.Set(statement, database, parameters);
                break;
            case "USE" when statement.Length > 1:
                Database = second.Text;
                return;
            case "CREATE" when !Create(statement[1..]):
                // What is in a routine is not done yet.
                return;
            case "DROP":
                Drop(statement[1..]);
                return;
            case "DEALLOCATE" when statement.Length > 2:
                settings.Unprepare(statement[2].Text);
                return;
            case "PREPARE":
                settings.Prepare(statement, database);
                return;
            case "EXECUTE" when statement.Length > 1:
                ExecutePrepared(statement, depth);
                return;
            case "BEGIN" when second.Is("NOT"):
                ExecuteBlock(statement);
                break;
            case "BEGIN" or "START":
                hasTableLocks = false;
                return;
            case "LOCK":
            case "FLUSH" when IndexOf(statement, "LOCK") > 0:
                hasTableLocks = true;
                return;
            case "UNLOCK":
                hasTableLocks = false;
                return;
            case "HANDLER":
                handlers = IndexOf(statement, "OPEN") > 0 ? handlers + 1
                    : IndexOf(statement, "CLOSE") > 0 ? Math.Max(handlers - 1, 0)
                    : handlers;
                return;
            case "XA":
                inDistributed = IndexOf(statement, "COMMIT") < 0 && IndexOf(statement, "ROLLBACK") < 0
                    && (inDistributed || second.IsAny("START", "BEGIN"));
                return;
        }

        CountLocks(statement);
        LoseAssigned(statement, parameters);
    }

    /// <summary>
    /// Whichever of the statements in a block were executed: where they set something of the server's, anything may be set.
    /// </summary>
    private void ExecuteBlock(ReadOnlySpan<MySqlToken> statement)
    {
        settings.Lose([UnknownText], [], statement, database);
        for (var at = 0; at + 1 < statement.Length; at++)
        {
            if (statement[at].Is("USE") || (statement[at].Is("SET") && statement[at + 1].Kind != MySqlTokenKind.Variable))
            {
                settings.LoseAny(MySqlLexer.Join(statement));
                return;
            }
        }
    }

    /// <summary>A table was made, perhaps a temporary one; false of anything else.</summary>
    private bool Create(ReadOnlySpan<MySqlToken> rest)
    {
        if (rest.Length > 1 && rest[0].Is("OR"))
            rest = rest[2..];
        if (rest.Length < 3 || !rest[0].Is("TEMPORARY") || !rest[1].IsAny("TABLE", "SEQUENCE"))
            return rest.Length > 0 && rest[0].Is("TABLE");
        rest = rest[2..];
        if (rest.Length > 3 && rest[0].Is("IF"))
            rest = rest[3..];
        temporary.Add(NameAt(rest, out _));
        return true;
    }

    private void Drop(ReadOnlySpan<MySqlToken> rest)
    {
        if (rest.Length > 1 && rest[0].Is("PREPARE"))
        {
            settings.Unprepare(rest[1].Text);
            return;
        }

        if (rest.Length > 1 && rest[0].Is("TEMPORARY"))
            rest = rest[1..];
        if (rest.Length < 2)
            return;
        var what = rest[0];
        rest = rest[1..];
        if (rest.Length > 2 && rest[0].Is("IF"))
            rest = rest[2..];
        // Who drops the database that he is in is in none.
        if (what.IsAny("DATABASE", "SCHEMA") && rest[0].Text == database)
            Database = "";
        if (!what.IsAny("TABLE", "TABLES", "SEQUENCE"))
            return;
        while (!rest.IsEmpty)
        {
            temporary.Remove(NameAt(rest, out var length));
            rest = rest[length..];
            if (rest.IsEmpty || !rest[0].IsMark(","))
                return;
            rest = rest[1..];
        }
    }

    private void ExecutePrepared(ReadOnlySpan<MySqlToken> statement, int depth)
    {
        var from = statement[1].Is("IMMEDIATE") ? 2 : 1;
        var end = IndexOf(statement, "USING");
        var text = from == 2 ? StringIn(statement[2..(end < 0 ? statement.Length : end)]) : PreparedAs(statement[1].Text, out _);
        if (text is null || depth >= Deepest || ++executed > MostExecuted)
            settings.Lose([UnknownText], [], statement, database);
        else
            Execute(MySqlText.Bytes(text), 0, null, end < 0 ? "" : MeaningOf(statement[end..]), depth + 1);
    }

    private void CountLocks(ReadOnlySpan<MySqlToken> statement)
    {
        for (var at = 0; at + 1 < statement.Length; at++)
        {
            if (statement[at].Kind != MySqlTokenKind.Word || !statement[at + 1].IsMark("("))
                continue;
            if (statement[at].Is("GET_LOCK"))
                namedLocks++;
            else if (statement[at].Is("RELEASE_ALL_LOCKS"))
                namedLocks = 0;
            else if (statement[at].Is("RELEASE_LOCK"))
                namedLocks = Math.Max(namedLocks - 1, 0);
        }
    }

    /// <summary>Variables of the user's that are set within a statement, or by a routine, have values that it does not say.</summary>
    private void LoseAssigned(ReadOnlySpan<MySqlToken> statement, string parameters)
    {
        var (set, read, begun) = (new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        var isAny = statement[0].IsAny("CALL", "LOAD", "BEGIN");
        var sets = statement[0].Is("GET");
        var isSet = statement[0].Is("SET");
        var (into, depth) = (false, 0);
        for (var at = 0; at < statement.Length; at++)
        {
            var token = statement[at];
            depth += token.IsMark("(") ? 1 : token.IsMark(")") ? -1 : 0;
            var next = at + 1 < statement.Length ? statement[at + 1].Raw : "";
            // What a SET itself sets is known.
            var isKnown = isSet && depth == 0 && at > 0 && (at == 1 || statement[at - 1].IsMark(","));
            if (token.Kind == MySqlTokenKind.Variable && !isKnown)
            {
                var isAssigned = into || next == ":=" || (sets && next == "=");
                if (isAny || isAssigned)
                    set.Add(token.Text);
                if (!isAssigned)
                    read.Add(token.Text);
                // (SELECT @n := 0), as those write who count rows.
                if (next == ":=" && depth > 0 && at + 2 < statement.Length && IsValue(statement[at + 2]))
                    begun.Add(token.Text);
            }

            into = token.Is("INTO") || (into && (token.Kind == MySqlTokenKind.Variable || token.IsMark(",")));
        }

        read.ExceptWith(begun);
        settings.Lose(set, read, statement, database, parameters);
    }

    private static bool IsValue(MySqlToken token) =>
        token.Kind is MySqlTokenKind.Number or MySqlTokenKind.String || token.IsAny("NULL", "TRUE", "FALSE");

    /// <summary>A name, perhaps with that of its database.</summary>
    private static string NameAt(ReadOnlySpan<MySqlToken> tokens, out int length)
    {
        length = tokens.Length > 2 && tokens[1].IsMark(".") ? 3 : 1;
        return length == 3 ? $"{tokens[0].Text}.{tokens[2].Text}" : tokens[0].Text;
    }

    private static int IndexOf(ReadOnlySpan<MySqlToken> statement, string keyword)
    {
        for (var at = 0; at < statement.Length; at++)
        {
            if (statement[at].Is(keyword))
                return at;
        }

        return -1;
    }
}
