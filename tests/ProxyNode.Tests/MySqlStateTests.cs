using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// What statements leave in a MySQL session: what decides the meaning of later ones, and what makes it again on another connection.
/// </summary>
public sealed class MySqlStateTests
{
    private static readonly MySqlGreeting MariaDb = GreetingOf("5.5.5-10.11.6-MariaDB");
    private static readonly MySqlGreeting MySql = GreetingOf("8.0.36");

    [Fact]
    public void A_variable_that_was_made_of_others_is_made_again_of_what_those_were()
    {
        var session = After("SET @a = 1", "SET @b = @a + 1", "SET @a = 5");
        Assert.Equal(["SET @a=1", "SET @b=@a + 1", "SET @a=5"], session.Settings);
        Assert.Null(session.Unrepeatable);
        Assert.NotEqual(session.Context, After("SET @a = 5", "SET @b = @a + 1").Context);
        Assert.Equal(session.Context, After("SET @a = 1", "SET @b = @a + 1", "SET @a = 7", "SET @a = 5").Context);
    }

    [Fact]
    public void A_variable_that_was_made_of_itself_is_another_each_time()
    {
        var once = After("SET @n = 1", "SET @n = @n + 1");
        var twice = After("SET @n = 1", "SET @n = @n + 1", "SET @n = @n + 1");
        Assert.NotEqual(once.Context, twice.Context);
        Assert.Equal(["SET @n=1", "SET @n=@n + 1", "SET @n=@n + 1"], twice.Settings);
        Assert.Null(twice.Unrepeatable);
        Assert.NotNull(After([.. Enumerable.Repeat("SET @n = COALESCE(@n, 0) + 1", 600)]).Unrepeatable);
    }

    [Theory]
    [InlineData("SELECT @x := id FROM t WHERE name = 'one'", "SELECT @x := id FROM t WHERE name = 'two'")]
    [InlineData("SELECT id, name INTO @y, @x FROM t WHERE id = 1", "SELECT id, name INTO @y, @x FROM t WHERE id = 2")]
    [InlineData("SELECT 1\n INTO\t@x", "SELECT 2\n INTO\t@x")]
    [InlineData("SELECT 1 INTO -- here\n @x", "SELECT 2 INTO -- here\n @x")]
    [InlineData("SET @x = (SELECT 1)", "SET @x = (SELECT 2)")]
    [InlineData("SET @x = routine(1)", "SET @x = routine(2)")]
    [InlineData("CALL p(1, @x)", "CALL p(2, @x)")]
    [InlineData("PREPARE s FROM 'SET @x = RAND(1)'; EXECUTE s", "PREPARE s FROM 'SET @x = RAND(2)'; EXECUTE s")]
    [InlineData("SET STATEMENT max_statement_time = 1 FOR SELECT 1 INTO @x", "SET STATEMENT max_statement_time = 1 FOR SELECT 2 INTO @x")]
    [InlineData("GET DIAGNOSTICS @x = ROW_COUNT", "GET DIAGNOSTICS @x = NUMBER")]
    public void A_value_that_was_read_is_known_by_where_it_was_read_and_cannot_be_made_again(string one, string other)
    {
        Assert.Equal("a variable's value", After(one).Unrepeatable);
        Assert.NotEqual(Meant(After(one), "SELECT @x"), Meant(After(other), "SELECT @x"));
        Assert.NotEqual(Meant(After(one), "SELECT @x"), Meant(After("USE elsewhere", one), "SELECT @x"));
        // Once it has another value, it is known again.
        Assert.Null(After(one, "SET @x = 1, @y = 2", "DEALLOCATE PREPARE s").Unrepeatable);
    }

    [Theory]
    [InlineData("CALL p(1, @out)")]
    [InlineData("SELECT @r := @r + 1 AS n, v FROM t, (SELECT @r := 0) counted")]
    [InlineData("SELECT COUNT(*) INTO @n FROM t")]
    [InlineData("SET @t = NOW()")]
    [InlineData("BEGIN NOT ATOMIC SELECT 1; END")]
    [InlineData("SET NAMES utf8mb4, time_zone = '+00:00', autocommit = 1")]
    public void What_begins_anew_each_time_makes_no_other_session_of_one(string sql) =>
        Assert.Equal(After(sql).Context, After(sql, sql, sql).Context);

    [Theory]
    [InlineData("SET @a = 'x  y'", "SET @a = 'x y'")]
    [InlineData("SET @a = 'x\ty'", "SET @a = 'x y'")]
    [InlineData("SET @a = \"x /* */ y\"", "SET @a = \"x  y\"")]
    [InlineData("SET @a = 'x -- y'", "SET @a = 'x'")]
    [InlineData("SET @a = 'X'", "SET @a = 'x'")]
    [InlineData("SET @a = 'x;'", "SET @a = 'x'")]
    [InlineData("SET @`a  b` = 1", "SET @`a b` = 1")]
    [InlineData("SET @a = 'it''s'", "SET @a = 'its'")]
    public void Values_in_quotes_are_kept_to_the_letter(string one, string other)
    {
        Assert.NotEqual(After(one).Context, After(other).Context);
        Assert.Equal([one.Replace(" = ", "=", StringComparison.Ordinal)], After(one).Settings);
    }

    [Fact]
    public void White_space_and_comments_outside_of_quotes_mean_nothing()
    {
        var plain = After("SET time_zone='+03:00', @a='x  y'");
        Assert.Equal(plain.Context, After("/* app */ SET\n time_zone='+03:00',\n\t@A='x  y' -- done").Context);
        Assert.Equal(plain.Context, After("set SESSION time_zone='+03:00' , @`a` := 'x  y';").Context);
    }

    [Fact]
    public void Bytes_that_are_no_utf_8_are_kept_to_the_byte()
    {
        byte[] one = [.. "SET @a='"u8, 0xE9, 0xFF, .. "'"u8];
        byte[] other = [.. "SET @a='"u8, 0xE8, 0xFF, .. "'"u8];
        Assert.Equal(one, MySqlText.Bytes(LosslessText.Of(one)));
        Assert.NotEqual(LosslessText.Of(one), LosslessText.Of(other));
        var session = After();
        session.Execute(one);
        Assert.Equal(one, MySqlText.Bytes(session.Settings.Single()));
        const string anything = "aé€😀";
        Assert.Equal(anything, LosslessText.Of(MySqlText.Bytes(anything)));
        byte[] mixed = [0xF0, 0x9F, 0x98, 0x80, 0xF0, 0x9F, 0x61, 0xC3, 0xED, 0xA0, 0x80];
        Assert.Equal(mixed, MySqlText.Bytes(LosslessText.Of(mixed)));
    }

    [Theory]
    [InlineData("SET NAMES utf8mb4", "SET NAMES utf8mb4 COLLATE utf8mb4_bin")]
    [InlineData("SET NAMES utf8mb4", "SET NAMES utf8mb4; SET collation_connection = utf8mb4_bin")]
    [InlineData("SET NAMES utf8mb4", "SET CHARACTER SET utf8mb4")]
    [InlineData("SET character_set_results = NULL", "SET character_set_results = latin1")]
    public void Collation_and_each_character_set_have_a_say(string one, string other)
    {
        Assert.NotEqual(After(one).Context, After(other).Context);
        Assert.NotEqual(After().Context, After(one).Context);
    }

    [Fact]
    public void The_collation_of_a_log_in_has_a_say_both_bytes_of_it_and_is_the_same_again()
    {
        Assert.NotEqual(Of(45).Context, Of(46).Context);
        Assert.NotEqual(Of(255).Context, Of(0x8FF).Context);
        var login = new MySqlLogin(MySqlPacket.SecureConnection | MySqlPacket.PluginAuthentication, 0, 45, "shop", "shop");
        var changed = login.Change([.. "shop\0"u8, 0, .. "other\0"u8, 0x16, 0x01, .. "mysql_native_password\0"u8]);
        Assert.Equal(((ushort)0x116, "other", false), (changed.Charset, changed.Database, changed.FitsLogIn));
        Assert.Equal(changed.Charset, login.Change(changed.ToChange("", MySql)[1..]).Charset);

        static MySqlSession Of(ushort collation)
        {
            var session = new MySqlSession();
            session.LogsIn(new MySqlLogin(0, 0, collation, "shop", "shop"), MySql);
            return session;
        }
    }

    [Theory]
    [InlineData("8.0.36", (byte)255, false)]
    [InlineData("8.0.36", (byte)46, true)]
    [InlineData("11.4.2-MariaDB", (byte)255, true)]
    public void After_a_reset_the_collation_is_that_which_the_server_goes_back_to(string version, byte ofServer, bool isSame)
    {
        var session = new MySqlSession();
        session.LogsIn(new MySqlLogin(0, 0, 46, "shop", "shop"), GreetingOf(version) with { Charset = ofServer });
        var before = session.Context;
        session.Reset();
        Assert.Equal(isSame, session.Context == before);
    }

    [Fact]
    public void A_string_is_made_again_in_the_character_set_in_which_it_was_said()
    {
        var session = After("SET NAMES latin1", "SET @a = 'x'", "SET NAMES utf8mb4");
        Assert.Equal(["SET NAMES latin1", "SET @a='x'", "SET NAMES utf8mb4"], session.Settings);
        Assert.Equal(["SET NAMES utf8mb4", "SET @a='x'"], After("SET NAMES latin1", "SET NAMES utf8mb4", "SET @a='x'").Settings);
    }

    [Fact]
    public void What_one_statement_sets_is_made_again_by_one_where_a_part_reads_what_another_sets()
    {
        var session = After("SET @a = 1, @b = 2", "SET @a = @b, @b = @a");
        Assert.Equal(["SET @a=1", "SET @b=2", "SET @a=@b, @b=@a"], session.Settings);
        Assert.Equal(
            ["SET sql_mode='', @old=@@sql_mode"], After("SET sql_mode = '', @old = @@sql_mode, GLOBAL max_connections = 5").Settings);
    }

    [Fact]
    public void What_a_dump_sets_and_sets_back_is_read_from_its_comments_as_the_server_reads_them()
    {
        string[] dump =
        [
            "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='ANSI_QUOTES' */", "/*!40103 SET TIME_ZONE='+00:00' */",
            "/*!80000 SET SESSION information_schema_stats_expiry=0 */", "/*!99999 SET @never=1 */", "/*M!100616 SET @maria=1 */",
        ];
        Assert.Equal(
            ["SET @OLD_SQL_MODE=@@SQL_MODE", "SET SQL_MODE='ANSI_QUOTES'", "SET TIME_ZONE='+00:00'", "SET @maria=1"],
            After(MariaDb, dump).Settings);
        Assert.Contains("SET information_schema_stats_expiry=0", After(MySql, dump).Settings);
        Assert.DoesNotContain("SET @maria=1", After(MySql, dump).Settings);
        Assert.True(After(MySql, dump).Dialect.QuotesNames);
        Assert.False(After(MySql, [.. dump, "/*!40101 SET SQL_MODE=@OLD_SQL_MODE */"]).Dialect.QuotesNames);
    }

    [Theory]
    [InlineData("SET sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'", true)]
    [InlineData("SET SESSION sql_mode = ANSI", true)]
    [InlineData("SET sql_mode = 4", true)]
    [InlineData("SET @@sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')", true)]
    [InlineData("SET @m = 'ANSI_QUOTES'; SET sql_mode = @m", true)]
    [InlineData("SET sql_mode = 'ANSI_QUOTES'; SET sql_mode = REPLACE(@@sql_mode, 'ANSI_QUOTES', '')", false)]
    [InlineData("SET sql_mode = 'ANSI_QUOTES'; SET sql_mode = DEFAULT", false)]
    [InlineData("SET sql_mode = 'ANSI_QUOTES'; SET sql_mode = ''", false)]
    [InlineData("SET GLOBAL sql_mode = 'ANSI_QUOTES'", false)]
    [InlineData("SET @ansi = 'ansi_quotes'", false)]
    [InlineData("USE ansi_quotes", false)]
    public void Whether_names_are_in_double_quotes_is_read_from_the_mode_alone(string sql, bool expected)
    {
        var session = After(sql);
        Assert.Equal((expected, expected), (session.Dialect.QuotesNames, MySqlSession.QuotesNamesIn(session.Context)));
        session.Reset();
        Assert.False(MySqlSession.QuotesNamesIn(session.Context));
    }

    [Fact]
    public void A_server_tells_in_its_greeting_which_modes_its_sessions_begin_with()
    {
        Assert.True(After(MariaDb with { Status = 0x8002 }).Dialect.QuotesNames);
        Assert.True(After(MySql with { Status = 0x0202 }).Dialect.KeepsBackslashes);
        var session = After(MySql with { Status = 0x0202 }, @"SELECT 'a\'; SET @x = 1");
        Assert.Equal(["SET @x=1"], session.Settings);
        Assert.Equal(0x8202, MySqlGreeting.Parse((MariaDb with { Status = 0x8202 }).ToPayload(1)).Status);
    }

    [Theory]
    // Each before the error was answered: without rows, with rows.
    [InlineData("USE b; SELECT bad", "-", "b", "")]
    [InlineData("USE b; SELECT bad", "", "shop", "")]
    [InlineData("SELECT 1; USE b; SET @x = 1; SELECT bad; USE c", "r--", "b", "SET @x=1")]
    [InlineData("USE b; CALL p(); USE c; SELECT bad", "-rr-", "b", "")]
    [InlineData("USE b; CALL p(); USE c; SELECT bad", "-rr--", "c", "")]
    [InlineData("SELECT ';'; -- ;\nUSE b /* ; */; SELECT bad", "r-", "b", "")]
    public void Of_several_statements_those_before_the_one_that_failed_have_left_something(
        string sql, string answered, string database, string setting)
    {
        var session = After();
        session.Execute(Encoding.UTF8.GetBytes(sql), error: 1054, [.. answered.Select(result => result == 'r')]);
        Assert.Equal((database, setting), (session.Database, string.Join(';', session.Settings)));
    }

    [Fact]
    public void A_statement_that_fails_on_its_way_may_have_given_a_variable_a_value()
    {
        var session = After("SET @v = 1");
        session.Execute("SELECT id INTO @v FROM t"u8, error: 1146, results: null);
        Assert.Null(session.Unrepeatable);
        // ER_TOO_MANY_ROWS: it has that of the first row.
        session.Execute("SELECT id INTO @v FROM t"u8, error: 1172, results: null);
        Assert.Equal("a variable's value", session.Unrepeatable);
    }

    [Theory]
    [InlineData("CREATE PROCEDURE p() BEGIN SET time_zone = '+01:00'; USE b; END")]
    [InlineData("CREATE DEFINER=`a`@`%` TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.v = 1; SET @a = 1; END")]
    [InlineData("CREATE FUNCTION f() RETURNS INT RETURN 1")]
    [InlineData("SET GLOBAL time_zone = '+01:00'")]
    [InlineData("SET PERSIST time_zone = '+01:00'")]
    [InlineData("SET @@global.time_zone = '+01:00'")]
    [InlineData("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")]
    [InlineData("SET STATEMENT time_zone = '+01:00' FOR SELECT 1")]
    [InlineData("SET PASSWORD FOR 'a'@'b' = 'c'")]
    [InlineData("SET insert_id = 5")]
    [InlineData("SELECT 'SET time_zone = 1; USE b'")]
    [InlineData("SELECT `a\\`; -- `;USE b")]
    [InlineData("DROP DATABASE elsewhere")]
    public void What_is_not_of_the_session_leaves_nothing_in_it(string sql)
    {
        var session = After(sql);
        Assert.Equal((After().Context, 0, null), (session.Context, session.Settings.Count(), session.Unrepeatable));
    }

    [Fact]
    public void Both_parts_of_how_transactions_are_isolated_are_made_again()
    {
        Assert.Equal(
            ["SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"],
            After("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE").Settings);
        Assert.Equal(
            ["SET tx_isolation='SERIALIZABLE'"],
            After("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET tx_isolation = 'SERIALIZABLE'").Settings);
    }

    [Fact]
    public void Who_drops_the_database_that_he_is_in_is_in_none()
    {
        Assert.Equal("", After("DROP DATABASE IF EXISTS `shop`").Database);
        Assert.Equal("b", After("DROP SCHEMA shop; USE `b`").Database);
    }

    [Fact]
    public void A_text_that_was_prepared_as_a_statement_decides_what_its_execution_means_and_is_prepared_again()
    {
        var one = After("PREPARE s FROM 'SELECT 1'");
        var other = After("PREPARE s FROM 'SELECT 2'");
        Assert.NotEqual(Meant(one, "EXECUTE s"), Meant(other, "EXECUTE s"));
        Assert.Equal(Meant(one, "SELECT 3"), Meant(other, "SELECT 3"));
        Assert.Equal((null, "PREPARE s FROM 'SELECT 1'"), (one.Unrepeatable, one.Settings.Single()));
        Assert.Empty(After("PREPARE s FROM 'SELECT 1'", "DROP PREPARE s").Settings);
        Assert.Equal("+01:00", ZoneAfter("PREPARE s FROM 'SET time_zone = ''+01:00'''; EXECUTE s"));
        Assert.Equal("+01:00", ZoneAfter("SET @t = \"SET time_zone = '+01:00'\"; PREPARE s FROM @t; EXECUTE s"));
        Assert.Equal("+01:00", ZoneAfter("EXECUTE IMMEDIATE 'SET time_zone = \"+01:00\"'"));

        static string ZoneAfter(string sql) =>
            After(sql).Settings.Single(setting => setting.StartsWith("SET time_zone=", StringComparison.Ordinal))[14..].Trim('\'', '"');
    }

    [Fact]
    public void A_temporary_table_has_a_say_in_what_names_it()
    {
        var session = After("CREATE OR REPLACE TEMPORARY TABLE IF NOT EXISTS `mine` (i INT)");
        Assert.NotEqual(Meant(After(), "SELECT * FROM mine"), Meant(session, "SELECT * FROM mine"));
        Assert.Equal(Meant(After(), "SELECT * FROM t"), Meant(session, "SELECT * FROM t"));
        Assert.Equal("a temporary table", After("CREATE /*!32302 TEMPORARY */ TABLE mine (i INT)").Unrepeatable);
        session.Execute("DROP TABLE t, mine"u8);
        Assert.Null(session.Unrepeatable);
    }

    [Fact]
    public void The_value_of_a_prepared_parameter_decides_what_was_set()
    {
        var (one, other) = (After(), After());
        one.Execute("SET @a = ?"u8, 0, null, "one");
        other.Execute("SET @a = ?"u8, 0, null, "other");
        Assert.NotEqual(one.Context, other.Context);
        Assert.NotNull(one.Unrepeatable);
    }

    [Fact]
    public void A_statement_that_was_prepared_under_other_settings_is_not_prepared_under_these()
    {
        var session = After();
        session.Statements[1] = new MySqlStatement("SELECT \"a\"", 0, "shop", parsing: session.Parsing);
        Assert.Null(session.Unrepeatable);
        session.Execute("SET time_zone = '+01:00'"u8);
        Assert.Null(session.Unrepeatable);
        session.Execute("SET sql_mode = 'ANSI_QUOTES'"u8);
        Assert.Equal("a statement that was prepared with other settings", session.Unrepeatable);
    }

    [Fact]
    public void What_one_SET_of_very_many_parts_leaves_is_not_known()
    {
        var session = After("SET " + string.Join(',', Enumerable.Repeat("@a=1", 65)));
        Assert.Equal(("a variable's value", 0), (session.Unrepeatable, session.Settings.Count()));
        var last = After("SET " + string.Join(',', Enumerable.Range(0, 64).Select(i => $"@a{i}=1")));
        Assert.Equal((null, 64), (last.Unrepeatable, last.Settings.Count()));
        // Nor is more than a part of it read.
        var longer = After("SET " + string.Join(',', Enumerable.Repeat("@a=1", 52_000)));
        Assert.Equal(("a statement too long to be kept", 0), (longer.Unrepeatable, longer.Settings.Count()));
        Assert.InRange(longer.Context.Length, 0, 4096);
    }

    [Fact]
    public void Values_that_were_made_of_very_many_or_very_long_ones_are_not_kept()
    {
        var many = After([.. Enumerable.Range(0, 2000).Select(i => $"SET @v{i % 10}=COALESCE(@v{i % 10},0)+1")]);
        Assert.Equal("a variable's value", many.Unrepeatable);
        Assert.InRange(many.Settings.Count(), 0, 500);
        var part = new string('y', 4000);
        var text = After([.. Enumerable.Repeat($"SET @a=concat(@a,'{part}')", 400)]);
        Assert.Equal("a variable's value", text.Unrepeatable);
        Assert.InRange(text.Settings.Sum(setting => setting.Length), 0, 64 * 1024);
    }

    [Fact]
    public void Of_a_text_that_executes_very_many_others_not_all_are_read()
    {
        var session = After("SET @n = 0", "PREPARE s FROM 'SET @n = @n + 1'", string.Concat(Enumerable.Repeat("EXECUTE s;", 1000)));
        Assert.Equal("a variable's value", session.Unrepeatable);
        Assert.InRange(session.Settings.Count(), 1, 20);
    }

    private static MySqlGreeting GreetingOf(string version) =>
        new(version, uint.MaxValue, 0, Encoding.ASCII.GetBytes("abcdefghijklmnopqrst"), MySqlLogin.NativePassword, 45, 7);

    private static MySqlSession After(params string[] texts) => After(MySql, texts);

    private static MySqlSession After(MySqlGreeting greeting, params string[] texts)
    {
        var session = new MySqlSession();
        session.LogsIn(new MySqlLogin(0, 0, 45, "hansi", "shop"), greeting);
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Assert.True(!text.Contains("@x", StringComparison.Ordinal) || MySqlWords.MayChange(bytes, isMany: true));
            session.Execute(bytes);
        }

        return session;
    }

    private static string Meant(MySqlSession session, string sql) =>
        MySqlSession.ForStatement(session.Context, MySqlSession.CommonIn(session.Context), sql);
}
