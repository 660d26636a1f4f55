using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>By what the record finds a command of MySQL: by all that decides what it means, and by nothing that is chance.</summary>
public sealed class MySqlKeysTests
{
    private const string Clock = @"\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?|-?\d+:\d\d:\d\d\.\d{6}|17\d{11}";

    private static readonly WildcardRules Rules = new() { Sql = [WildcardRules.Pattern(Clock)] };

    [Fact]
    public void Texts_in_another_character_set_are_other_texts()
    {
        var matcher = new MySqlMatcher(WildcardRules.None);
        var one = matcher.KeysOf(Command(MySqlCommand.Query, [.. "SELECT id FROM t WHERE v = '"u8, 0xE9, .. "'"u8]))!.Value;
        var other = matcher.KeysOf(Command(MySqlCommand.Query, [.. "SELECT id FROM t WHERE v = '"u8, 0xE8, .. "'"u8]))!.Value;
        Assert.NotEqual(one.Exact, other.Exact);
        Assert.Equal(one.Equivalent, other.Equivalent);
    }

    [Theory]
    [InlineData("SELECT 'a  b'", "SELECT 'a b'")]
    [InlineData("SELECT \"a\tb\"", "SELECT \"a b\"")]
    [InlineData("SELECT 1 -- a", "SELECT 1 -- b")]
    public void White_space_in_quotes_is_a_part_of_a_text(string one, string other)
    {
        var matcher = new MySqlMatcher(WildcardRules.None);
        Assert.NotEqual(
            matcher.KeysOf(Command(MySqlCommand.Query, Encoding.UTF8.GetBytes(one)))!.Value.Exact,
            matcher.KeysOf(Command(MySqlCommand.Query, Encoding.UTF8.GetBytes(other)))!.Value.Exact);
    }

    [Theory]
    [InlineData("hansi", "shop")]
    [InlineData("shop", "ansi_quotes")]
    public void A_user_or_a_database_whose_name_looks_like_a_mode_is_none(string user, string database)
    {
        var session = new MySqlSession();
        session.LogsIn(new MySqlLogin(0, 0, 45, user, database));
        session.Execute("SET @ansi = 'ANSI_QUOTES', time_zone = 'Europe/Lisbon'"u8);
        var matcher = new MySqlMatcher(WildcardRules.None) { Context = session.Context };
        Assert.Equal(Of("SELECT id FROM users WHERE v = \"a\""), Of("SELECT id FROM users WHERE v = \"b\""));
        session.Execute("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')"u8);
        matcher.Context = session.Context;
        Assert.NotEqual(Of("SELECT id FROM users WHERE v = \"a\""), Of("SELECT id FROM users WHERE v = \"b\""));

        UInt128 Of(string sql) => matcher.KeysOf(Command(MySqlCommand.Query, Encoding.UTF8.GetBytes(sql)))!.Value.Equivalent;
    }

    [Theory]
    [InlineData(MySqlPacket.DeprecateEof)]
    [InlineData(MySqlPacket.SessionTrack)]
    [InlineData(MySqlPacket.FoundRows)]
    public void A_client_that_reads_replies_of_another_form_is_answered_in_that(uint capability)
    {
        var (with, without) = (Of(capability), Of(0));
        Assert.NotEqual(with.Exact, without.Exact);
        Assert.NotEqual(with.Equivalent, without.Equivalent);

        static RequestKeys Of(uint capabilities)
        {
            var session = new MySqlSession();
            session.LogsIn(new MySqlLogin(capabilities, 0, 45, "shop", "shop"));
            return new MySqlMatcher(WildcardRules.None) { Context = session.Context }
                .KeysOf(Command(MySqlCommand.Query, "SELECT 1"u8.ToArray()))!.Value;
        }
    }

    [Fact]
    public void Rows_of_a_cursor_are_known_by_the_execution_that_has_opened_it_and_by_those_fetched_before()
    {
        var matcher = Prepared("SELECT v FROM t WHERE id > ?");
        var fetched = new List<UInt128>();
        foreach (var parameter in "ab")
        {
            matcher.KeysOf(Execute(cursor: 1, 0xFD, [1, (byte)parameter]));
            for (var i = 0; i < 3; i++)
                fetched.Add(matcher.KeysOf(Fetch(rows: 2))!.Value.Exact);
        }

        Assert.Equal(6, fetched.Distinct().Count());
        // From the beginning again.
        matcher.KeysOf(Execute(cursor: 1, 0xFD, [1, (byte)'a']));
        Assert.Equal(fetched[0], matcher.KeysOf(Fetch(rows: 2))!.Value.Exact);
        Assert.NotEqual(fetched[1], matcher.KeysOf(Fetch(rows: 3))!.Value.Exact);
        matcher.KeysOf(Command(MySqlCommand.StatementReset, [1, 0, 0, 0]));
        Assert.DoesNotContain(matcher.KeysOf(Fetch(rows: 2))!.Value.Exact, fetched);
    }

    [Fact]
    public void Rows_of_a_cursor_are_found_by_a_wildcard_of_the_execution()
    {
        var matcher = Prepared("SELECT v FROM t WHERE id > ?");
        matcher.KeysOf(Execute(cursor: 1, 0xFD, Text("2026-1-2 3:04:05")));
        var one = matcher.KeysOf(Fetch(rows: 2))!.Value;
        matcher.KeysOf(Execute(cursor: 1, 0xFD, Text("2026-1-2 13:14:15")));
        var other = matcher.KeysOf(Fetch(rows: 2))!.Value;
        Assert.NotEqual(one.Exact, other.Exact);
        Assert.Equal(one.Wildcard, other.Wildcard);
    }

    // Lengths of both differ; what is zero at the end is left out (page "Binary Protocol Value" of the manual).
    [Theory]
    [InlineData((byte)0xFD, "\u00122026-11-28 12:43:5", "\u00132026-11-28 12:43:15")]
    [InlineData((byte)0x0C, "\u0007\u00EA\u0007\u000B\u001C\u000C+\u0005", "\u000B\u00EA\u0007\u000B\u001C\u000C+\u0005\u0001\0\0\0")]
    [InlineData((byte)0x07, "\0", "\u0004\u00EA\u0007\u000B\u001C")]
    [InlineData((byte)0x0A, "\u0004\u00EA\u0007\u000B\u001C", "\u0007\u00EA\u0007\u000B\u001C\u000C+\u0005")]
    [InlineData((byte)0x0B, "\0", "\u0008\u0001\u0001\0\0\0\u0002\u0003\u0004")]
    [InlineData((byte)0x0B, "\u0008\0\0\0\0\0\u0002\u0003\u0004", "\u000C\0\0\0\0\0\u0002\u0003\u0004\u0007\0\0\0")]
    [InlineData((byte)0x08, "\0\u00D4\u0048\u0058\u009A\u0001\0\0", "\u0001\u00D4\u0048\u0058\u009A\u0001\0\0")]
    public void A_prepared_parameter_under_a_wildcard_may_be_longer_or_shorter(byte type, string one, string other)
    {
        foreach (var isMany in new[] { false, true })
        {
            var matcher = Prepared("INSERT INTO t VALUES (?)");
            var (first, second) = (Keys(one), Keys(other));
            Assert.NotEqual(first.Exact, second.Exact);
            Assert.Equal(first.Wildcard, second.Wildcard);

            RequestKeys Keys(string value) => matcher.KeysOf(isMany
                ? ExecuteMany(type, Encoding.Latin1.GetBytes(value))
                : Execute(cursor: 0, type, Encoding.Latin1.GetBytes(value)))!.Value;
        }
    }

    [Fact]
    public void Of_many_sets_of_parameters_each_is_looked_at_and_the_types_of_an_execution_before()
    {
        var matcher = Prepared("INSERT INTO t VALUES (?)");
        var told = Many(isTold: true, Text("1"), Text("2026-1-2 3:04:05"));
        var again = Many(isTold: false, Text("1"), Text("2026-11-12 13:04:05"));
        Assert.Equal(told.Wildcard, again.Wildcard);
        Assert.NotEqual(told.Exact, again.Exact);
        Assert.NotEqual(told.Wildcard, Many(isTold: false, Text("2"), Text("2026-11-12 13:04:05")).Wildcard);
        Assert.NotEqual(told.Wildcard, Many(isTold: false, Text("1")).Wildcard);
        Assert.Equal(Many(isTold: true, Text("1")).Exact, Many(isTold: false, Text("1")).Exact);

        RequestKeys Many(bool isTold, params byte[][] values) => matcher.KeysOf(Command(
            MySqlCommand.StatementBulkExecute,
            [1, 0, 0, 0, (byte)(isTold ? 128 : 0), 0, .. isTold ? [0xFD, (byte)0] : Array.Empty<byte>(),
                .. values.SelectMany(value => value.Prepend((byte)0))]))!.Value;
    }

    [Theory]
    [InlineData("a\0\u00FDs", "b", "a", "\0\u00FDsb")]
    [InlineData("a", "", "", "a")]
    public void Where_one_parameter_ends_and_the_next_begins_is_a_part_of_them(string one, string two, string other, string rest)
    {
        var matcher = Prepared("INSERT INTO t VALUES (?, ?)", parameters: 2);
        Assert.NotEqual(Of(one, two).Exact, Of(other, rest).Exact);

        RequestKeys Of(string first, string second) => matcher.KeysOf(Command(
            MySqlCommand.StatementExecute,
            [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0xFD, 0, 0xFD, 0, .. Text(first), .. Text(second)]))!.Value;
    }

    [Fact]
    public void A_parameter_sent_in_pieces_is_found_by_its_wildcards_too()
    {
        var matcher = Prepared("INSERT INTO t VALUES (?)");
        var (one, other) = (Of("written at 2026-1-2 3:0", "4:05"), Of("written at 2026-11-12 13:04:05", ""));
        Assert.NotEqual(one.Exact, other.Exact);
        Assert.Equal(one.Wildcard, other.Wildcard);
        var large = new string('x', 100_000);
        Assert.NotEqual(Of(large, "1").Wildcard, Of(large, "2").Wildcard);
        Assert.Equal(Of(large, "1"), Of(large + "1", ""));

        RequestKeys Of(string first, string second)
        {
            foreach (var piece in new[] { first, second })
            {
                matcher.KeysOf(Command(
                    MySqlCommand.StatementSendLongData, [1, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(piece)]));
            }

            return matcher.KeysOf(Execute(cursor: 0, 0xFC, []))!.Value with { Values = null };
        }
    }

    [Fact]
    public void Only_one_statement_that_sets_something_is_accepted_without_being_on_record()
    {
        var clone = new MySqlMatcher(WildcardRules.None);
        foreach (var sql in new[] { "SET NAMES utf8mb4", "/* pool */ set\ttime_zone='+00:00';", "SET@a=1" })
            Assert.Equal(MySqlPacket.OkPacket(1), clone.Missing(Command(MySqlCommand.Query, Encoding.UTF8.GetBytes(sql))).ToArray());
        foreach (var sql in new[] { "SET STATEMENT max_statement_time=1 FOR SELECT 1", "SET @a = 1; SELECT 1", "SETTLE" })
            Assert.Equal(MySqlPacket.Error, clone.Missing(Command(MySqlCommand.Query, Encoding.UTF8.GetBytes(sql))).Span[4]);
    }

    private static MySqlMatcher Prepared(string sql, byte parameters = 1)
    {
        var matcher = new MySqlMatcher(Rules);
        var prepare = Command(MySqlCommand.StatementPrepare, Encoding.UTF8.GetBytes(sql));
        matcher.KeysOf(prepare);
        matcher.Keep(prepare, MySqlPacket.Frame([0, 1, 0, 0, 0, 0, 0, parameters, 0, 0, 0, 0], 1));
        return matcher;
    }

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.Latin1.GetBytes(text)];

    private static byte[] Execute(byte cursor, byte type, byte[] value) =>
        Command(MySqlCommand.StatementExecute, [1, 0, 0, 0, cursor, 1, 0, 0, 0, 0, 1, type, 0, .. value]);

    private static byte[] ExecuteMany(byte type, byte[] value) =>
        Command(MySqlCommand.StatementBulkExecute, [1, 0, 0, 0, 128, 0, type, 0, 0, .. value]);

    private static byte[] Fetch(int rows)
    {
        var argument = new byte[8];
        argument[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(argument.AsSpan(4), rows);
        return Command(MySqlCommand.StatementFetch, argument);
    }

    private static byte[] Command(MySqlCommand command, byte[] argument) => MySqlPacket.Frame([(byte)command, .. argument], 0);
}
