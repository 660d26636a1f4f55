using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>How SQL is cut into words and statements: as PostgreSQL's own scanner does (manual, "Lexical Structure").</summary>
public sealed class PgSqlTests
{
    private static readonly string[] Pieces =
    [
        "SET", "LOCAL", "SESSION", "=", "TO", "'", "''", "\"", "$", "$$", "$x$", "$1", "(", ")", "[", "]", ",", ";",
        "::", ":", "CAST", "AS",
        "BEGIN", "ATOMIC", "CREATE", "FUNCTION", "TEMP", "TABLE", "INTO", "EXECUTE", "p", "PREPARE", "pid", "IN",
        "NOT", "ANY", "ARRAY", "END",
        "pg_terminate_backend", "pg_stat_activity", "set_config", "1", "0x", "1.", ".", "E'", "U&'", "U&\"", "--",
        "\n", "/*", "*/", "\\", "DO",
        "TRANSACTION", "ISOLATION", "LEVEL", "READ", "ROLLBACK", "SAVEPOINT", "DROP", "IF", "EXISTS", "DISCARD", "ALL", "\u00E9", "<>", "-",
        "RESET", "TIME", "ZONE", "ROLE", "DEFAULT", "CHARACTERISTICS", "LISTEN", "DEALLOCATE", "DECLARE", "HOLD",
        "pg_advisory_lock", "{7,9}",
    ];

    [Theory]
    [InlineData("SELECT 'a''b', \"c\"\"d\", e.f", "SELECT|'a''b'|,|\"c\"\"d\"|,|e|.|f")]
    [InlineData("'a\\' b", "'a\\'|b")]
    [InlineData("E'a\\' b' e'x' N'y' b'01' X'f'", "E'a\\' b'|e'x'|N'y'|b'01'|X'f'")]
    [InlineData("U&'a\\' U&\"b\" u & 'c'", "U&'a\\'|U&\"b\"|u|&|'c'")]
    [InlineData("$$a'b$$ $x$ $y$ $$ $x$ $1 a$b$ c", "$$a'b$$|$x$ $y$ $$ $x$|$1|a$b$|c")]
    [InlineData("a/* b /* c */ d */e--f\ng", "a|e|g")]
    [InlineData("1.5e-3 .5 0x1F 1_000 1..2 12a", "1.5e-3|.5|0x1F|1_000|1|..|2|12|a")]
    [InlineData("a=-1 a->>'b' c<>d @-1 a::int[1:2] x:=1 y=>2", "a|=|-|1|a|->>|'b'|c|<>|d|@-|1|a|::|int|[|1|:|2|]|x|:=|1|y|=>|2")]
    [InlineData("a*/b", "a|*/|b")]
    [InlineData("'never", "'never")]
    [InlineData("$x$never$x", "$x$never$x")]
    [InlineData("/* never", "")]
    public void A_text_is_cut_into_words(string sql, string expected)
    {
        var words = new List<string>();
        var lexer = new PgLexer(sql, escapes: false);
        while (lexer.TryRead(out var token))
            words.Add(sql[token.Start..token.End]);
        Assert.Equal(expected, string.Join('|', words));
    }

    [Fact]
    public void A_backslash_escapes_where_strings_do_not_conform()
    {
        var lexer = new PgLexer(@"'a\' b' c", escapes: true);
        Assert.True(lexer.TryRead(out var text));
        Assert.Equal(1..6, text.Content);
    }

    [Theory]
    [InlineData("DO $$begin ", "else set a ", "$$")]
    [InlineData("DO $$begin ", "else set a = b ", "$$")]
    [InlineData("SELECT ", "set_config('a',(", "")]
    [InlineData("SELECT 1", ", set_config('a', $1, false)", "")]
    [InlineData("SELECT 1", ", pg_advisory_lock(1)", "")]
    [InlineData("BEGIN ", "read only ", "")]
    [InlineData("DROP TABLE a", ", a", "")]
    [InlineData("SELECT 1 ", "into temp a ", "")]
    public void However_often_a_statement_says_what_it_does_a_bounded_part_is_kept(string first, string again, string last)
    {
        var sql = first + string.Concat(Enumerable.Repeat(again, 256 * 1024 / again.Length)) + last;
        var command = PgEffects.Of(Assert.Single(PgSql.Split(sql)), [new string('x', 8_000)]);
        Assert.InRange(command.Effects.Count, 0, PgEffects.MostEffects + 1);
        Assert.InRange(command.Size, 0, 256 * 1024);
    }

    [Fact]
    public void A_long_run_of_signs_is_not_read_again_for_each_of_them()
    {
        var (lexer, count) = (new PgLexer(new string('+', 200_000), escapes: false), 0);
        while (lexer.TryRead(out var token))
            count += token.End - token.Start;
        Assert.Equal(200_000, count);
    }

    [Fact]
    public void Whatever_a_client_says_it_is_read_to_its_end()
    {
        var random = new Random(14);
        var identities = new Identities();
        identities.Pair("process 7", "70");
        for (var i = 0; i < 30_000; i++)
        {
            var sql = "";
            for (var n = random.Next(1, 16); n > 0; n--)
                sql += Pieces[random.Next(Pieces.Length)] + (random.Next(4) == 0 ? "" : " ");
            foreach (var escapes in new[] { true, false })
            {
                var (lexer, behind) = (new PgLexer(sql, escapes), 0);
                for (; lexer.TryRead(out var token); behind = token.End)
                {
                    Assert.True(token.Start >= behind && token.End > token.Start && token.End <= sql.Length, sql);
                    Assert.True(token.Content.Start.Value >= token.Start && token.Content.End.Value <= token.End, sql);
                }

                var facts = PgFacts.None;
                foreach (var statement in PgSql.Split(sql, escapes))
                {
                    foreach (var effect in PgEffects.Of(statement, ["x", null], name => $"PREPARE {name} AS {sql}").Effects)
                        facts = facts.With(effect);
                }

                Assert.NotNull(facts.Context() + PgOutline.Of(sql) + PgOutline.KindOf(sql, escapes) + PgOutline.ValuesIn(sql).Length);
            }

            var names = PgProcessNames.In(sql, name => $"PREPARE {name} AS {sql}", identities);
            Assert.All(names.Numbers.Keys, place => Assert.True(place.Start < place.End && place.End <= sql.Length, sql));
        }
    }
}
