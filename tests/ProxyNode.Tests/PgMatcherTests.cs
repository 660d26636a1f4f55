using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What requests to PostgreSQL are found by in the record, and how their statements are shown.</summary>
public sealed class PgMatcherTests
{
    [Theory]
    [InlineData("SELECT 'a\\', 5", "SELECT 'b\\', 6", true)]
    [InlineData("SELECT 'a\\', b", "SELECT 'a\\', c", false)]
    [InlineData("SELECT E'a\\', b', 5", "SELECT E'c', 6", true)]
    [InlineData("SELECT U&'a\\0041', $x$'$x$, B'01'", "SELECT U&'', $$ $$, X'F'", true)]
    [InlineData("SELECT a /* b /* c */ d */ FROM t -- e", "SELECT a\n FROM t", true)]
    [InlineData("SELECT a->'x' #> '{y}' FROM t", "SELECT a->'y' #> '{z}' FROM t", true)]
    [InlineData("SELECT a->'x' #> '{y}' FROM t", "SELECT a->'y' #> '{z}' FROM u", false)]
    [InlineData("SELECT a FROM t WHERE b = -1", "SELECT a FROM t WHERE b = 2.5e-3", true)]
    [InlineData("SELECT \"1\"", "SELECT \"2\"", false)]
    [InlineData("SELECT t1.a FROM t1", "SELECT t2.a FROM t2", false)]
    public void Statements_are_of_a_kind_when_only_their_values_differ(string one, string other, bool isSame) =>
        Assert.Equal(isSame, Keys(new(WildcardRules.None), one).Equivalent == Keys(new(WildcardRules.None), other).Equivalent);

    [Fact]
    public void Where_the_session_says_so_a_backslash_escapes_in_any_text()
    {
        var matcher = new PgMatcher(WildcardRules.None) { Context = "user=shop\0standard_conforming_strings=off" };
        Assert.Equal(Keys(matcher, @"SELECT 'a\', b', 5").Equivalent, Keys(matcher, "SELECT 'c', 6").Equivalent);
    }

    [Fact]
    public void Texts_that_are_no_UTF_8_are_told_apart()
    {
        var matcher = new PgMatcher(WildcardRules.None);
        byte[] Text(byte letter) => PgMessage.Frame('Q', [.. "SELECT '"u8, letter, .. "'\0"u8]);
        Assert.NotEqual(matcher.KeysOf(Text(0xE9))!.Value.Exact, matcher.KeysOf(Text(0xE8))!.Value.Exact);
    }

    [Theory]
    [InlineData("EXECUTE p(1)")]
    [InlineData("EXPLAIN ANALYZE EXECUTE P")]
    [InlineData("CREATE TABLE t AS EXECUTE \"p\"(1)")]
    public void What_executes_a_statement_that_was_prepared_in_SQL_is_known_by_that(string execute)
    {
        var (one, same, other) = (new PgMatcher(WildcardRules.None), new PgMatcher(WildcardRules.None), new PgMatcher(WildcardRules.None));
        Keys(one, "PREPARE p AS SELECT 1");
        Keys(same, "PREPARE p AS SELECT 3; DEALLOCATE p; PREPARE p AS SELECT 1");
        Keys(other, "PREPARE p AS SELECT 2");
        Assert.Equal(Keys(one, execute).Exact, Keys(same, execute).Exact);
        Assert.NotEqual(Keys(one, execute).Exact, Keys(other, execute).Exact);
    }

    [Fact]
    public void What_an_earlier_part_of_a_request_has_set_belongs_to_the_next()
    {
        UInt128 Exact(string value)
        {
            var matcher = new PgMatcher(WildcardRules.None);
            matcher.KeysOf(
            [
                .. RawPostgreSql.Parse("", $"SET search_path = {value}"), .. RawPostgreSql.Bind("", ""), .. RawPostgreSql.Execute(""),
                .. RawPostgreSql.Flush,
            ]);
            byte[] next = [.. RawPostgreSql.Parse("", "SELECT 1"), .. RawPostgreSql.Bind("", ""), .. RawPostgreSql.Sync];
            return matcher.KeysOf(next)!.Value.Exact;
        }

        Assert.Equal(Exact("a"), Exact("a"));
        Assert.NotEqual(Exact("a"), Exact("b"));
    }

    [Fact]
    public void What_only_prepares_is_kept_for_clones_that_come_later()
    {
        var matcher = new PgMatcher(WildcardRules.None);
        Assert.True(matcher.KeysOf([.. RawPostgreSql.Parse("s", "SELECT 1"), .. RawPostgreSql.Sync])!.Value.IsLasting);
        Assert.True(Keys(matcher, "PREPARE s AS SELECT 1").IsLasting);
        Assert.False(Keys(matcher, "SELECT 1").IsLasting);
        Assert.False(matcher.KeysOf(
        [
            .. RawPostgreSql.Parse("s", "SELECT 1"), .. RawPostgreSql.Bind("", "s"), .. RawPostgreSql.Execute(""), .. RawPostgreSql.Sync,
        ])!.Value.IsLasting);
    }

    [Fact]
    public void What_is_not_on_record_fails_a_transaction_as_an_error_does_and_its_end_is_accepted()
    {
        var matcher = new PgMatcher(WildcardRules.None);
        Assert.Equal("CZT", Missing("BEGIN"));
        Assert.Equal("EZE", Missing("SELECT 'never'"));
        Assert.Equal("EZE", Missing("SET a.b = 1"));
        Assert.Equal("CZT", Missing("ROLLBACK TO SAVEPOINT s"));
        Assert.Equal("EZE", Missing("SELECT 'never'"));
        Assert.Equal("CZI", Missing("COMMIT"));
        Assert.Equal("EZI", Missing("SELECT 'never'"));
        Assert.Equal("CCCZI", Missing("START TRANSACTION; SET a.b = 1; END"));
        Assert.Equal("EZI", Missing("COMMIT PREPARED 'x'"));

        string Missing(string sql)
        {
            var said = "";
            for (var rest = matcher.Missing(RawPostgreSql.Query(sql)).Span; !rest.IsEmpty; rest = rest[(int)PgMessage.LengthOf(rest)..])
                said += rest[0] == 'Z' ? $"Z{(char)rest[PgMessage.HeaderLength]}" : $"{(char)rest[0]}";
            return said;
        }
    }

    [Theory]
    [InlineData("SELECT 'a\\', 'hunter2', 5")]
    [InlineData("SELECT 'a\\'hunter2'")]
    [InlineData("SELECT 1 /* a /* b */ hunter2 */, x")]
    [InlineData("SELECT U&'hunter2', N'hunter2', $q$ hunter2 $$ hunter2 $q$")]
    [InlineData("SELECT E'a''\\'hunter2")]
    public void No_value_is_shown(string sql)
    {
        Assert.DoesNotContain("hunter2", PgOutline.Of(sql), StringComparison.Ordinal);
        var isValue = PgOutline.ValuesIn(sql);
        Assert.DoesNotContain("hunter2", new string([.. sql.Where((_, at) => !isValue[at])]), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_value_is_shown() => Assert.Equal(
        "SELECT a1, $1, ? #> ?, \"x\" FROM t WHERE b = ?",
        PgOutline.Of("SELECT a1, $1, '{}' #> '{1}', \"x\"\n FROM t /* no */ WHERE b = 1.5"));

    private static RequestKeys Keys(PgMatcher matcher, string sql) => matcher.KeysOf(RawPostgreSql.Query(sql))!.Value;
}
