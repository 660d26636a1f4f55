using System.Text;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Sql;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// What a session of PostgreSQL has after what its server has said: the same as at the server, whatever was rolled back, failed, or was
/// said in one go.
/// </summary>
public sealed class PgSessionTests
{
    [Theory]
    [InlineData("SET a.b = 1 => SET I", "SET a.b = 1")]
    [InlineData("SET a.b = 1 => SET I; SET A.B TO 2 => SET I", "SET A.B TO 2")]
    [InlineData("/* x /* y */ z */ -- '\nSET a.b = 1 => SET I", "SET a.b = 1")]
    [InlineData("SET a.b = 1 => SET I; RESET a.b => RESET I", "")]
    [InlineData("SET a.b = 1 => SET I; SET a.b TO DEFAULT => SET I", "")]
    [InlineData("SET a.b = 1 => ! I", "")]
    [InlineData("BEGIN => BEGIN T; SET a.b = 1 => SET T; ROLLBACK => ROLLBACK I", "")]
    [InlineData("BEGIN => BEGIN T; SET a.b = 1 => SET T; COMMIT => COMMIT I", "SET a.b = 1")]
    [InlineData("BEGIN => BEGIN T; SET a.b = 1 => SET T; SELECT 1/0 => ! E; COMMIT => ROLLBACK I", "")]
    [InlineData("BEGIN => BEGIN T; SET a.b = 1 => SET T; COMMIT => ! I", "")]
    [InlineData("BEGIN => BEGIN T; SET LOCAL a.b = 1 => SET T; COMMIT => COMMIT I", "")]
    [InlineData("SET a.b = 1 => SET I; BEGIN => BEGIN T; RESET ALL => RESET T; ABORT WORK => ROLLBACK I", "SET a.b = 1")]
    [InlineData(
        "BEGIN => BEGIN T; SET a.b = 1 => SET T; SAVEPOINT s => SAVEPOINT T; SET a.b = 2 => SET T; ROLLBACK TO SAVEPOINT s => ROLLBACK T; "
            + "END => COMMIT I",
        "SET a.b = 1")]
    [InlineData(
        "BEGIN => BEGIN T; SAVEPOINT s => SAVEPOINT T; SET a.b = 2 => SET T; SELECT 1/0 => ! E; rollback transaction to S => ROLLBACK T; "
            + "END => COMMIT I",
        "")]
    [InlineData(
        "BEGIN => BEGIN T; SAVEPOINT s => SAVEPOINT T; SET a.b = 2 => SET T; RELEASE s => RELEASE T; ROLLBACK TO s => ! E; "
            + "ROLLBACK => ROLLBACK I",
        "")]
    [InlineData(
        "BEGIN => BEGIN T; SET a.b = 1 => SET T; ROLLBACK AND CHAIN => ROLLBACK T; SET a.c = 1 => SET T; COMMIT => COMMIT I",
        "SET a.c = 1")]
    [InlineData("BEGIN => BEGIN T; PREPARE p AS SELECT 1 => PREPARE T; ROLLBACK => ROLLBACK I", "PREPARE p AS SELECT 1")]
    [InlineData("PREPARE p AS SELECT 1 => PREPARE I; BEGIN => BEGIN T; DEALLOCATE P => DEALLOCATE T; ROLLBACK => ROLLBACK I", "")]
    [InlineData("BEGIN => BEGIN T; LISTEN c => LISTEN T; ROLLBACK => ROLLBACK I", "")]
    [InlineData("LISTEN c => LISTEN I; LISTEN \"C\" => LISTEN I; UNLISTEN C => UNLISTEN I", "LISTEN \"C\"")]
    [InlineData("SET ROLE shop => SET I; SET a.b = 1 => SET I; RESET ALL => RESET I", "SET ROLE shop")]
    [InlineData("SET ROLE shop => SET I; SET ROLE NONE => SET I", "")]
    [InlineData("SET ROLE shop => SET I; SET SESSION AUTHORIZATION other => SET I", "SET SESSION AUTHORIZATION other")]
    [InlineData("SET ROLE shop => SET I; SET a.b = 1 => SET I; DISCARD ALL => DISCARD ALL I", "")]
    [InlineData(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY => SET I",
        "SET default_transaction_isolation = 'repeatable read'|SET default_transaction_read_only = 'on'")]
    [InlineData("SELECT set_config('a.b', 'it''s', false), 1 => SELECT 1 I", "SELECT pg_catalog.set_config('a.b', 'it''s', false)")]
    [InlineData("SELECT pg_catalog.\"set_config\"('a.b', 'x', true) => SELECT 1 I", "")]
    [InlineData("SELECT set_config('a.b', $0, false) => ! I", "")]
    [InlineData("DO $x$ BEGIN SET a.b = 1; UPDATE t SET c = 2; END $x$ => DO I", "SET a.b = 1")]
    public void What_a_new_connection_is_told_is_what_the_session_still_has(string said, string expected)
    {
        var talk = new PgTalk();
        foreach (var (sql, reply) in Turns(said))
            talk.Ask(sql, reply);
        Assert.Equal(expected, string.Join('|', talk.Statements));
        Assert.Null(talk.Dialogue.Facts.Lost);
    }

    [Theory]
    [InlineData("SET a.b = 1; SELECT 1/0", "SET|! I", "")]
    [InlineData("SET a.b = 1; COMMIT; SET a.c = 2; SELECT 1/0", "SET|COMMIT|SET|! I", "SET a.b = 1")]
    [InlineData("BEGIN; SET a.b = 1; ROLLBACK; SET a.c = 2", "BEGIN|SET|ROLLBACK|SET I", "SET a.c = 2")]
    [InlineData("SET a.b = 1; BEGIN; SET a.c = 2; ROLLBACK", "SET|BEGIN|SET|ROLLBACK I", "")]
    [InlineData("SELECT ';'; SET a.b = ';'; ; SELECT $$;SET a.c = 1;$$", "SELECT 1|SET|SELECT 1 I", "SET a.b = ';'")]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SET a.b = 1", "CREATE RULE|SET I", "SET a.b = 1")]
    [InlineData(
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SET a.b = 1",
        "CREATE FUNCTION|SET I",
        "SET a.b = 1")]
    public void Of_several_statements_in_one_text_each_counts_by_itself(string sql, string reply, string expected) =>
        Assert.Equal(expected, string.Join('|', new PgTalk().Ask(sql, reply).Statements));

    [Theory]
    [InlineData("CREATE TEMP TABLE tt (i INT) => CREATE TABLE I", "a temporary table")]
    [InlineData("BEGIN; CREATE TEMP TABLE tt (i INT) => BEGIN|CREATE TABLE T; ROLLBACK => ROLLBACK I", null)]
    [InlineData(
        "CREATE TEMP TABLE tt (i INT) => CREATE TABLE I; BEGIN; DROP TABLE tt => BEGIN|DROP TABLE T; ROLLBACK => ROLLBACK I",
        "a temporary table")]
    [InlineData(
        "CREATE TEMP TABLE a (i INT); CREATE TABLE pg_temp.b (i INT) => CREATE TABLE|CREATE TABLE I; "
            + "DROP TABLE IF EXISTS A, b => DROP TABLE I",
        null)]
    [InlineData("CREATE TEMP TABLE tt (i INT) => CREATE TABLE I; DROP TABLE public.tt => DROP TABLE I", "a temporary table")]
    [InlineData("SELECT 1 INTO\nTemporary tt => SELECT 1 I", "a temporary table")]
    [InlineData("CREATE TEMP TABLE tt (i INT) ON COMMIT DROP => CREATE TABLE I", null)]
    [InlineData("BEGIN; SELECT pg_advisory_lock(1) => BEGIN|SELECT 1 T; ROLLBACK => ROLLBACK I", "an advisory lock")]
    [InlineData("SELECT Pg_Advisory_Lock(1) => SELECT 1 I; SELECT PG_ADVISORY_UNLOCK_ALL() => SELECT 1 I", null)]
    [InlineData("DECLARE c CURSOR WITH HOLD FOR SELECT 1 => DECLARE CURSOR I", "a cursor")]
    [InlineData("DECLARE c CURSOR WITH HOLD FOR SELECT 1 => DECLARE CURSOR I; CLOSE c => CLOSE CURSOR I", null)]
    [InlineData("SELECT set_config(name, setting, false) FROM s => SELECT 9 I", "a setting made by set_config")]
    public void What_no_statement_makes_again_is_known_as_long_as_it_is_there(string said, string? expected)
    {
        var talk = new PgTalk();
        foreach (var (sql, reply) in Turns(said))
            talk.Ask(sql, reply);
        Assert.Equal(expected, talk.Dialogue.Facts.Lost);
    }

    [Fact]
    public void A_statement_that_is_prepared_counts_when_and_as_often_as_it_is_executed()
    {
        var talk = new PgTalk().Client(RawPostgreSql.Parse("s", "SELECT set_config('a.b', $1, false)"), RawPostgreSql.Sync)
            .Server(PgMessage.Frame('1', []), PgTalk.Ready('I'));
        Assert.Empty(talk.Statements);
        foreach (var value in new[] { "one", "two" })
        {
            talk.Client(RawPostgreSql.Bind("p", "s", value), RawPostgreSql.Execute("p"), RawPostgreSql.Sync)
                .Server(PgMessage.Frame('2', []), PgTalk.Done("SELECT 1"), PgTalk.Ready('I'));
            Assert.Equal([$"SELECT pg_catalog.set_config('a.b', '{value}', false)"], talk.Statements);
        }

        Assert.Equal("a.b=two", new PgTalk().Execute("SELECT set_config('a.b', $1, $2)", "SELECT 1", "two", "f").Dialogue.Facts.Context());
    }

    [Fact]
    public void An_error_in_a_pipeline_undoes_what_came_before_it_up_to_the_last_Sync()
    {
        var talk = new PgTalk().Client(
            RawPostgreSql.Parse("", "SET a.b = 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Sync,
            RawPostgreSql.Parse("", "SET a.c = 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""),
            RawPostgreSql.Parse("", "SELECT 1/0"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""),
            RawPostgreSql.Parse("", "SET a.d = 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Sync,
            RawPostgreSql.Parse("", "SET a.e = 1"), RawPostgreSql.Bind("", ""), RawPostgreSql.Execute(""), RawPostgreSql.Sync);
        byte[] bound = [.. PgMessage.Frame('1', []), .. PgMessage.Frame('2', [])];
        talk.Server(
            bound, PgTalk.Done("SET"), PgTalk.Ready('I'),
            bound, PgTalk.Done("SET"), bound, PgTalk.Failed, PgTalk.Ready('I'),
            bound, PgTalk.Done("SET"), PgTalk.Ready('I'));
        Assert.Equal(["SET a.b = 1", "SET a.e = 1"], talk.Statements);
    }

    [Fact]
    public void A_copy_in_the_middle_of_a_text_leaves_the_rest_in_step()
    {
        var talk = new PgTalk().Client(RawPostgreSql.Query("SET a.b = 1; COPY t FROM STDIN; SET a.c = 2"))
            .Server(PgTalk.Done("SET"), PgMessage.Frame('G', [0, 0, 1, 0, 0]))
            .Client(RawPostgreSql.Data("1\n"), RawPostgreSql.CopyDone)
            .Server(PgTalk.Done("COPY 1"), PgTalk.Done("SET"), PgTalk.Ready('I'))
            .Ask("SET a.d = 3", "SET I");
        Assert.Equal(["SET a.b = 1", "SET a.c = 2", "SET a.d = 3"], talk.Statements);
    }

    [Fact]
    public void What_a_function_has_set_is_known_where_the_server_reports_it()
    {
        var talk = new PgTalk(("TimeZone", "Etc/UTC")).Client(RawPostgreSql.Query("SELECT goes_to_tokyo()"))
            .Server(PgTalk.Done("SELECT 1"), PgTalk.Parameter("TimeZone", "Asia/Tokyo"), PgTalk.Ready('I'));
        Assert.Equal("timezone=Asia/Tokyo", talk.Dialogue.Facts.Context());
        talk.Client(RawPostgreSql.Query("SELECT comes_home()"))
            .Server(PgTalk.Done("SELECT 1"), PgTalk.Parameter("TimeZone", "Etc/UTC"), PgTalk.Ready('I'));
        Assert.Equal("", talk.Dialogue.Facts.Context());
        // What a statement has set and undone is no function's.
        talk.Client(RawPostgreSql.Query("BEGIN; SET TIME ZONE 'Asia/Tokyo'; ROLLBACK")).Server(
            PgTalk.Done("BEGIN"), PgTalk.Done("SET"), PgTalk.Parameter("TimeZone", "Asia/Tokyo"), PgTalk.Done("ROLLBACK"),
            PgTalk.Parameter("TimeZone", "Etc/UTC"), PgTalk.Ready('I'));
        Assert.Equal("", talk.Dialogue.Facts.Context());
    }

    [Fact]
    public void What_was_asked_before_and_is_not_answered_yet_is_a_part_of_what_a_request_means()
    {
        var talk = new PgTalk().Ask("SET a.b = 1", "SET I");
        talk.Client(RawPostgreSql.Query("DISCARD ALL"), RawPostgreSql.Query("SET a.c = 2"), RawPostgreSql.Query("SELECT 1"));
        Assert.Equal("a.c=2", talk.Dialogue.Context);
        talk.Server(PgTalk.Done("DISCARD ALL"), PgTalk.Ready('I'), PgTalk.Done("SET"), PgTalk.Ready('I'));
        Assert.Equal("a.c=2", talk.Dialogue.Context);
        // Its own settings are in its text.
        talk.Server(PgTalk.Done("SELECT 1"), PgTalk.Ready('I')).Client(RawPostgreSql.Query("SET a.c = 3"));
        Assert.Equal("a.c=2", talk.Dialogue.Context);
    }

    [Theory]
    [InlineData("SET TIME ZONE 'UTC' => SET I", "timezone=UTC")]
    [InlineData("set session TimeZone to UTC => SET I", "timezone=utc")]
    [InlineData("SET NAMES 'latin1' => SET I", "client_encoding=latin1")]
    [InlineData("SET SCHEMA 'a' => SET I", "search_path=a")]
    [InlineData("SET search_path=a,\"B\"/* c */ => SET I", "search_path=a , B")]
    [InlineData("SET application_name = 'x' => SET I", "")]
    [InlineData("BEGIN READ ONLY => BEGIN T", "transaction_read_only=on")]
    [InlineData("BEGIN => BEGIN T; SET LOCAL ROLE shop => SET T", "role=shop")]
    [InlineData("BEGIN => BEGIN T; SELECT set_config('role', 'shop', true) => SELECT 1 T", "role=shop")]
    [InlineData("PREPARE p(text) AS SELECT set_config('a.b', $1, false) => PREPARE I; EXECUTE p('x') => SELECT 1 I", "a.b=x")]
    [InlineData("SET standard_conforming_strings = 'OFF' => SET I", "standard_conforming_strings=off")]
    public void Settings_are_known_by_their_names_however_they_are_written(string said, string expected)
    {
        var talk = new PgTalk();
        foreach (var (sql, reply) in Turns(said))
            talk.Ask(sql, reply);
        Assert.Equal(expected, talk.Dialogue.Facts.Context());
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(200_000)]
    [InlineData(600_000)]
    public void However_long_a_text_is_what_it_sets_is_known(int length)
    {
        var long1 = new string('x', length);
        var talk = new PgTalk();
        var bytes = RawPostgreSql.Query($"SET a.b = 1; SELECT '{long1}'");
        // In pieces, as they come from a socket.
        for (var (at, end) = (0, 0); at < bytes.Length;)
        {
            end = Math.Min(end + 1000, bytes.Length);
            at += talk.Dialogue.FromClient(bytes.AsSpan(at..end), out _);
        }

        talk.Server(PgTalk.Done("SET"), PgTalk.Done("SELECT 1"), PgTalk.Ready('I'));
        Assert.Equal(["SET a.b = 1"], talk.Statements);
    }

    [Fact]
    public void What_the_beginning_of_a_long_text_does_not_tell_of_its_statement_is_not_known()
    {
        var talk = new PgTalk().Ask($"DO $$ begin set a.b = 1; {new string(' ', 10_000)} set a.b = 2; end $$", "DO I");
        Assert.NotNull(talk.Dialogue.Facts.Lost);
        talk = new PgTalk().Ask($"SELECT 1 AS attempts, '{new string('x', 10_000)}', set_config('a.b', 'c', false)", "SELECT 1 I");
        Assert.Null(talk.Dialogue.Facts.Lost);
    }

    [Fact]
    public void Of_what_is_asked_without_waiting_a_bounded_part_waits_for_its_turn()
    {
        // One run of bytes, as if a driver did not wait: each is gone through for those behind it.
        var talk = new PgTalk();
        var session = new PgSession(new PgStatements());
        for (var i = 0; i < 100_000; i++)
            talk.Client(RawPostgreSql.Query("BEGIN"));
        Assert.Equal("", talk.Dialogue.Facts.Context());
        for (var cycle = 1; cycle <= 100_000; cycle++)
        {
            if (session.HasPlace(cycle))
                session.Ask(cycle, 0, new PgCommand([new PgEffect(PgEffectKind.Set, "a.b", "c", "SET a.b = c")]));
            session.CycleBegun();
            Assert.Same(PgFacts.None, cycle > 100 ? session.Expected() : PgFacts.None);
        }

        Assert.InRange(session.Waiting, 1, 1024);
        for (var cycle = 1; cycle <= 100_000; cycle++)
        {
            session.Completed(isRolledBack: false);
            session.Ready('I');
        }

        Assert.Equal((0, "a.b=c"), (session.Waiting, session.Facts.Context()));
        Assert.NotNull(session.Facts.Lost);
    }

    [Fact]
    public void However_many_settings_a_session_has_and_however_long_they_are_a_bounded_part_is_kept()
    {
        var talk = new PgTalk().Ask("BEGIN", "BEGIN T");
        var value = new string('x', 7_000);
        foreach (var how in new[] { "LOCAL ", "" })
        {
            for (var i = 0; i < 1_000; i++)
                talk.Ask($"SET {how}a.b{i} = '{value}'", "SET T");
        }

        var facts = talk.Dialogue.Facts;
        Assert.InRange(facts.Settings.Length + facts.Local.Count, 1, 2 * PgFacts.MostSettings);
        Assert.InRange(facts.Context().Length, 1, 2 * PgFacts.MostSettings * 100);
        Assert.InRange(facts.Statements.Sum(statement => statement.Length), 0, PgFacts.MostSettings * PgEffects.LongestKept);
        Assert.NotNull(facts.Lost);
        string Context(string said) => new PgTalk().Ask($"SET a.b = '{said}'", "SET I").Dialogue.Facts.Context();
        Assert.NotEqual(Context(value + "y"), Context(value + "z"));
        Assert.Equal(Context(value), Context(value));
    }

    [Fact]
    public void A_prepared_statement_is_read_as_often_as_its_values_matter()
    {
        var statements = new PgStatements();
        byte[] Body(string sql) => [0, .. Encoding.ASCII.GetBytes(sql), 0, 0, 0];
        string[] harmless = ["SELECT template FROM attempts", "SELECT 'set_config(1,2,3)'", "INSERT INTO temperatures VALUES ($1)"];
        foreach (var sql in harmless)
        {
            statements.Prepare("", Body(sql), beginsRequest: false);
            Assert.False(statements.Matter, sql);
        }

        statements.Prepare("", Body("SET a.b = 1"), beginsRequest: false);
        var plain = statements.Mattering("")!;
        Assert.False(plain.ReadsValues);
        Assert.Same(plain.Command([], _ => null), plain.Command([], _ => null));
        statements.Prepare("", Body("SELECT set_config('a.b', $1, false)"), beginsRequest: false);
        Assert.True(statements.Mattering("")!.ReadsValues);
        statements.Prepare("", Body("EXECUTE p"), beginsRequest: false);
        Assert.True(statements.Matter);
    }

    [Fact]
    public void A_long_statement_without_a_name_is_not_copied()
    {
        var talk = new PgTalk().Client(RawPostgreSql.Parse("", $"SELECT '{new string('x', 200_000)}'"), RawPostgreSql.Sync)
            .Server(PgMessage.Frame('1', []), PgTalk.Ready('I'));
        Assert.Empty(talk.Dialogue.Statements);
        talk.Client(RawPostgreSql.Parse("s", $"SELECT '{new string('x', 200_000)}'"), RawPostgreSql.Sync)
            .Server(PgMessage.Frame('1', []), PgTalk.Ready('I'));
        Assert.Single(talk.Dialogue.Statements);
    }

    [Fact]
    public void Of_many_EXECUTEs_in_one_text_a_bounded_number_is_read()
    {
        var talk = new PgTalk().Ask("PREPARE p AS SELECT set_config('a.b', 'c', false)", "PREPARE I");
        talk.Ask("PREPARE q AS SELECT 1", "PREPARE I");
        string Many(string name) => string.Concat(Enumerable.Repeat($"EXECUTE {name};", 500));
        string tags = string.Join('|', Enumerable.Repeat("SELECT 1", 500)) + " I";
        Assert.Null(talk.Ask(Many("q"), tags).Dialogue.Facts.Lost);
        Assert.NotNull(talk.Ask(Many("p"), tags).Dialogue.Facts.Lost);
        Assert.Equal("a.b=c", talk.Dialogue.Facts.Context());
    }

    [Fact]
    public void Bytes_of_a_setting_in_another_character_set_stay_as_they_are()
    {
        var talk = new PgTalk();
        talk.Client(PgMessage.Frame('Q', [.. "SET a.b = 'caf"u8, 0xE9, .. "'\0"u8])).Server(PgTalk.Done("SET"), PgTalk.Ready('I'));
        Assert.Equal([.. "SET a.b = 'caf"u8, 0xE9, .. "'\0"u8], PgText.Terminated(talk.Statements.Single()));
    }

    [Fact]
    public void Texts_of_different_bytes_are_different_and_UTF_8_is_what_it_says()
    {
        byte[][] texts = [[0xE9], [0xC3, 0xA9], [0xC3], [0xC3, 0xC3, 0xA9], [0xA9, 0xC3], [0xED, 0xB3, 0xA9]];
        Assert.Equal(texts.Select(Convert.ToHexString).Distinct().Count(), texts.Select(text => LosslessText.Of(text)).Distinct().Count());
        Assert.Equal("a\uFFFD\U0001F600", PgText.Shown(LosslessText.Of([(byte)'a', 0xE9, .. "\U0001F600"u8])));
        Assert.Equal("h\u00E9\U0001F600", LosslessText.Of(Encoding.UTF8.GetBytes("h\u00E9\U0001F600")));
    }

    private static IEnumerable<(string Sql, string Reply)> Turns(string said)
    {
        for (var rest = said; rest.Length > 0;)
        {
            var to = rest.IndexOf(" => ", StringComparison.Ordinal);
            var end = rest.IndexOf("; ", to, StringComparison.Ordinal);
            yield return (rest[..to], rest[(to + 4)..(end < 0 ? rest.Length : end)]);
            rest = end < 0 ? "" : rest[(end + 2)..];
        }
    }
}
