using System.Globalization;
using System.Text;
using CsCheck;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What holds for a session whatever was said in it.</summary>
public sealed class MySqlStatePropertyTests
{
    private const int Sessions = 2_000;

    private static readonly string[] Fragments =
    [
        "SET ", "SESSION ", "GLOBAL ", "TRANSACTION ", "STATEMENT ", "FOR ", "NAMES ", "CHARACTER SET ", "sql_mode",
        "ANSI_QUOTES", "@a", "@`b c`", "@'d'", "@", "@@", "@@session.sql_mode", "@@`x`", "=", ":=", ",", ";", "(", ")", ".",
        "'x''y'", "\"q\"", "`n`", "``", "'", "\"", "`", "\\", "5", "0x1F", "1e", "-", "é", "\n", "\t", " ", "#", "-- ", "/* ",
        "/*!50000 ", "/*M!100100 ", "/*!", "*/", "CONCAT(", "NOW()", "SELECT ", "INTO ", "USE ", "shop ", "CALL ", "rds_kill",
        "KILL ", "QUERY ", "USER ", "ID ", "processlist ", "NOT ", "IN ", "PREPARE s FROM ", "EXECUTE s ", "EXECUTE IMMEDIATE ",
        "USING ", "DROP ", "PREPARE ", "DEALLOCATE ", "DATABASE ", "TABLE ", "IF EXISTS ", "CREATE ", "OR REPLACE ", "TEMPORARY ",
        "PROCEDURE ", "BEGIN ", "ATOMIC ", "END", "GET_LOCK(", "HANDLER ", "LOCK ", "XA ", "LOAD ", "?",
    ];

    [Fact]
    public void Whatever_was_set_of_what_each_variable_has_its_value_again() =>
        Gen.Int[0, 9_999].Array[1, 12].Sample(
            choices =>
            {
                var said = choices.Select(Assignment).ToArray();
                var session = After(said);
                Assert.Null(session.Unrepeatable);
                Assert.Equal(Values(said), Values(session.Settings));
                Assert.Equal(session.Context, After([.. session.Settings]).Context);
            },
            iter: Sessions,
            threads: 1);

    [Fact]
    public void Sessions_in_which_a_variable_has_another_value_are_others() =>
        Gen.Select(Gen.Int[0, 9_999].Array[1, 6], Gen.Int[0, 9_999].Array[1, 6]).Sample(
            (ones, others) =>
            {
                var (one, other) = (ones.Select(Assignment).ToArray(), others.Select(Assignment).ToArray());
                if (!Values(one).SequenceEqual(Values(other)))
                    Assert.NotEqual(After(one).Context, After(other).Context);
            },
            iter: Sessions,
            threads: 1);

    [Fact]
    public void Whatever_is_said_nothing_breaks() =>
        Gen.Int[0, 9_999].Array[0, 40].Sample(
            choices =>
            {
                var sql = Encoding.UTF8.GetBytes(string.Concat(choices.Select(choice => Fragments[choice % Fragments.Length])));
                var session = After();
                session.Execute(sql);
                session.Execute(sql, error: 1172, [false, true, false]);
                session.Execute([.. sql, 0xFF, .. sql]);
                After([.. session.Settings]);
                foreach (var dialect in new[] { session.Dialect, session.Dialect with { QuotesNames = true, KeepsBackslashes = true } })
                {
                    var end = 0;
                    foreach (var token in MySqlLexer.Read(sql, dialect))
                    {
                        Assert.True(token.Start >= end && token.End > token.Start && token.End <= sql.Length);
                        Assert.Equal(sql[token.Start..token.End], MySqlText.Bytes(token.Raw));
                        end = token.End;
                    }
                }

                var kill = new MySqlKill(new Identities());
                kill.Pair(5, 6);
                kill.WhyNot(MySqlCommand.Query, sql, session);
                var rewritten = kill.Rewrite(MySqlPacket.Frame([(byte)MySqlCommand.Query, .. sql], 0), session.Dialect);
                Assert.Equal(rewritten.Length - MySqlPacket.HeaderLength, MySqlPacket.PayloadLength(rewritten.Span));
                MySqlSession.ForStatement(session.Context, MySqlSession.CommonIn(session.Context), Encoding.UTF8.GetString(sql));
                _ = session.Unrepeatable;
            },
            iter: 10 * Sessions,
            threads: 1);

    /// <summary>One of some statements that give variables values of each other.</summary>
    private static string Assignment(int choice)
    {
        var (one, other) = ($"@{"abc"[choice % 3]}", $"@{"abc"[choice / 3 % 3]}");
        return (choice / 9 % 5) switch
        {
            0 => $"SET {one} = {choice % 7}",
            1 => $"SET {one} = {other} + {(choice % 5) + 1}",
            2 => $"SET {one} = {other}",
            3 => $"SET {one} = {other}, {other} = {one} + 1",
            _ => $"SET {one} = {choice % 4}, {other} = {one}",
        };
    }

    /// <summary>What a server makes of such statements: every value is found before any is set.</summary>
    private static SortedDictionary<string, int?> Values(IEnumerable<string> statements)
    {
        var values = new SortedDictionary<string, int?>(StringComparer.Ordinal);
        foreach (var statement in statements)
        {
            var before = new Dictionary<string, int?>(values);
            foreach (var part in statement["SET ".Length..].Split(", "))
            {
                var sides = part.Split('=', StringSplitOptions.TrimEntries);
                int? sum = 0;
                foreach (var term in sides[1].Split('+', StringSplitOptions.TrimEntries))
                    sum += term[0] == '@' ? before.GetValueOrDefault(term) : int.Parse(term, CultureInfo.InvariantCulture);
                values[sides[0]] = sum;
            }
        }

        return values;
    }

    private static MySqlSession After(params string[] texts)
    {
        var session = new MySqlSession();
        session.LogsIn(new MySqlLogin(0, 0, 45, "shop", "shop"));
        foreach (var text in texts)
            session.Execute(MySqlText.Bytes(text));
        return session;
    }
}
