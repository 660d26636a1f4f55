using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// A statement that ends a session of the original's ends that session's counterpart at the clone, however it names it, or is not said: 7
/// is the clone's 70, 8 the clone's 80, and 9 has no counterpart.
/// </summary>
public sealed class PgProcessNumbersTests
{
    private readonly Identities identities = new();
    private readonly Dictionary<string, string> prepared = [];

    public PgProcessNumbersTests()
    {
        PgProcessNumbers.Pair(Key(7), Key(70), identities);
        PgProcessNumbers.Pair(Key(8), Key(80), identities);
    }

    [Theory]
    [InlineData("SELECT pg_terminate_backend(7)", "SELECT pg_terminate_backend(70)")]
    [InlineData("SELECT PG_Terminate_Backend(7), pg_cancel_backend (8)", "SELECT PG_Terminate_Backend(70), pg_cancel_backend (80)")]
    [InlineData(
        "select pg_catalog . \"pg_cancel_backend\" -- it\n(/* 7 */ 7)",
        "select pg_catalog . \"pg_cancel_backend\" -- it\n(/* 7 */ 70)")]
    [InlineData("SELECT pg_terminate_backend('7'::int4, 7)", "SELECT pg_terminate_backend('70'::int4, 7)")]
    [InlineData(
        "SELECT pg_terminate_backend(CAST(((7)) AS pg_catalog.int4))",
        "SELECT pg_terminate_backend(CAST(((70)) AS pg_catalog.int4))")]
    [InlineData("SELECT pg_terminate_backend(timeout => 7, pid => int '7')", "SELECT pg_terminate_backend(timeout => 7, pid => int '70')")]
    [InlineData("SELECT pg_terminate_backend($$7$$)", "SELECT pg_terminate_backend('70')")]
    [InlineData("SELECT pg_terminate_backend(0x7)", "SELECT pg_terminate_backend(70)")]
    [InlineData("INSERT INTO t VALUES ('pg_terminate_backend(7)')", "INSERT INTO t VALUES ('pg_terminate_backend(7)')")]
    [InlineData("SELECT pg_terminate_backend(pg_backend_pid())", "SELECT pg_terminate_backend(pg_backend_pid())")]
    [InlineData("DO $x$BEGIN PERFORM pg_terminate_backend(7); END$x$", "DO $x$BEGIN PERFORM pg_terminate_backend(70); END$x$")]
    [InlineData(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = 7 AND state = 'idle 7'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = 70 AND state = 'idle 7'")]
    [InlineData(
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.\"pid\" IN (7, '8') OR 7 = a.pid",
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.\"pid\" IN (70, '80') OR 70 = a.pid")]
    [InlineData(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid = ANY ('{7,8}'::int[]) AND pid <> ALL (ARRAY[8])",
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid = ANY ('{70,80}'::int[]) AND pid <> ALL (ARRAY[80])")]
    [InlineData("SELECT query FROM pg_stat_activity WHERE pid = 9", "SELECT query FROM pg_stat_activity WHERE pid = 9")]
    [InlineData("SELECT pg_blocking_pids(9)", "SELECT pg_blocking_pids(0)")]
    [InlineData("SELECT name FROM products WHERE pid = 7", "SELECT name FROM products WHERE pid = 7")]
    [InlineData("EXECUTE k(7)", "EXECUTE k(70)")]
    [InlineData(
        "PREPARE l AS SELECT pg_cancel_backend($1); EXECUTE L('8')",
        "PREPARE l AS SELECT pg_cancel_backend($1); EXECUTE L('80')")]
    public void A_text_names_the_clones_session(string sql, string expected)
    {
        prepared["k"] = "PREPARE k(int) AS SELECT pg_terminate_backend($1)";
        var (replaced, naming) = Replace(RawPostgreSql.Query(sql));
        Assert.Equal((expected, PgNaming.Known), (TextOf(replaced), naming));
    }

    [Theory]
    [InlineData("SELECT pg_terminate_backend(9)", nameof(PgNaming.Nobody))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (7, 9)", nameof(PgNaming.Nobody))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> 9", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid > 5", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT pg_terminate_backend(p) FROM (VALUES (7)) v(p)", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT pg_terminate_backend(3 + 4)", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, 1) = (7, 1)", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM mine", nameof(PgNaming.Unreadable))]
    [InlineData("EXECUTE k(9)", nameof(PgNaming.Nobody))]
    [InlineData("EXECUTE k(3 + 4)", nameof(PgNaming.Unreadable))]
    public void What_would_end_another_session_is_told(string sql, string naming)
    {
        prepared["k"] = "PREPARE k(int) AS SELECT pg_terminate_backend($1)";
        Assert.Equal(naming, Replace(RawPostgreSql.Query(sql)).Naming.ToString());
    }

    [Theory]
    [InlineData("7", "70")]
    [InlineData("{7,8}", "{70,80}")]
    public void A_parameter_as_text_names_the_clones_session(string value, string expected)
    {
        prepared["k"] = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY($1)";
        var (replaced, naming) = Replace([.. RawPostgreSql.Bind("", "k", value), .. RawPostgreSql.Execute("")]);
        Assert.Equal(PgNaming.Known, naming);
        Assert.Equal([.. RawPostgreSql.Bind("", "k", expected), .. RawPostgreSql.Execute("")], replaced);
    }

    [Fact]
    public void A_parameter_in_binary_names_the_clones_session_alone_or_in_an_array()
    {
        byte[] Array(params int[] numbers) =>
        [
            .. Key(1), .. Key(0), .. Key(23), .. Key(numbers.Length), .. Key(1),
            .. numbers.SelectMany(number => (byte[])[.. Key(4), .. Key(number)]),
        ];
        byte[] Bind(byte[] value) => PgMessage.Frame('B', [.. "\0\0\0\x01\0\x01\0\x01"u8, .. Key(value.Length), .. value, 0, 0]);
        byte[] Ask(string sql, byte[] value) => [.. RawPostgreSql.Parse("", sql), .. Bind(value), .. RawPostgreSql.Execute("")];
        const string one = "SELECT pg_cancel_backend(($1)::int)";
        const string many = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = ANY($1)";
        Assert.Equal(Ask(one, Key(70)), Replace(Ask(one, Key(7))).Request);
        Assert.Equal(Ask(many, Array(70, 80)), Replace(Ask(many, Array(7, 8))).Request);
        Assert.Equal(PgNaming.Nobody, Replace(Ask(many, Array(7, 9))).Naming);
        Assert.Equal(PgNaming.Unreadable, Replace(Ask(many.Replace("= ANY", "<> ALL", StringComparison.Ordinal), Array(9))).Naming);
    }

    [Fact]
    public void A_function_that_is_called_by_its_number_names_the_clones_session()
    {
        byte[] Call(int process) => PgMessage.Frame('F', [.. Key(2096), 0, 1, 0, 1, 0, 1, .. Key(4), .. Key(process), 0, 1]);
        Assert.Equal(Call(70), Replace(Call(7)).Request);
        Assert.Equal(PgNaming.Nobody, Replace(Call(9)).Naming);
    }

    [Fact]
    public void Bytes_of_any_character_set_stay_as_they_are_around_a_number()
    {
        byte[] Text(string number) =>
            PgMessage.Frame('Q', [.. "SELECT '"u8, 0xE9, 0x80, 0xFF, .. Encoding.ASCII.GetBytes($"', pg_terminate_backend({number})\0")]);
        Assert.Equal(Text("70"), Replace(Text("7")).Request);
    }

    [Fact]
    public void A_row_that_is_known_by_its_transaction_is_known_by_the_clones()
    {
        byte[] Reply(string transaction)
        {
            byte[] column = [0, 0, 0, 0, 0, 0, .. Key(28), 0, 4, .. Key(-1), 0, 0];
            byte[] text = [.. Key(transaction.Length), .. Encoding.ASCII.GetBytes(transaction)];
            return
            [
                .. PgMessage.Frame('T', [0, 2, .. "id\0"u8, .. column[..6], .. Key(23), .. column[10..], .. "xmin\0"u8, .. column]),
                .. PgMessage.Frame('D', [0, 2, .. Key(1), (byte)'5', .. text]), .. PgTalk.Done("SELECT 1"), .. PgTalk.Ready('I'),
            ];
        }

        PgReplyReader Read(string transaction)
        {
            var reader = new PgReplyReader(JustRunIt.ProxyNode.Recording.ServiceRules.None);
            // As they come from a socket: each message apart.
            for (var rest = Reply(transaction).AsSpan(); !rest.IsEmpty; rest = rest[(int)PgMessage.LengthOf(rest)..])
                reader.Append(rest[..(int)PgMessage.LengthOf(rest)], 0);
            reader.End();
            return reader;
        }

        var (online, clone) = (Read("999"), Read("1003"));
        Assert.Equal((999u, 1003u), (Assert.Single(online.Transactions), Assert.Single(clone.Transactions)));
        Assert.Equal((online.Length, online.Hash), (clone.Length, clone.Hash));
        Assert.NotEqual(online.Hash, Read("no number").Hash);

        PgTransactionNumbers.Pair(online.Transactions, clone.Transactions, identities);
        const string update = "UPDATE t SET a = $1 WHERE id = 5 AND t.xmin = $2";
        byte[] Ask(string transaction) =>
            [.. RawPostgreSql.Parse("", update), .. RawPostgreSql.Bind("", "", "999", transaction), .. RawPostgreSql.Execute("")];
        Assert.Equal(Ask("1003"), Replace(Ask("999")).Request);
        Assert.Equal(Ask("5"), Replace(Ask("5")).Request);
        Assert.Equal(
            "DELETE FROM t WHERE \"xmin\" = '1003'::xid AND id = 999",
            TextOf(Replace(RawPostgreSql.Query("DELETE FROM t WHERE \"xmin\" = 999::xid AND id = 999")).Request));
    }

    [Theory]
    [InlineData("SELECT 1", ", pg_terminate_backend(9", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT 1", ", pg_blocking_pids(9", nameof(PgNaming.Known))]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE ", "pid IN (", nameof(PgNaming.Unreadable))]
    [InlineData("SELECT 1", "; EXECUTE k(7)", nameof(PgNaming.Known))]
    [InlineData("SELECT 1", ", pg_terminate_backend(7)", nameof(PgNaming.Known))]
    public void Of_what_is_within_each_other_or_the_same_again_a_bounded_part_is_read(string first, string again, string naming)
    {
        var read = 0;
        var text = $"PREPARE k(int) AS SELECT pg_terminate_backend($1) /* {new string('x', 30_000)} */";
        var sql = first + string.Concat(Enumerable.Repeat(again, 20_000));
        var names = PgProcessNames.In(sql, _ => read++ < 10 ? text : null, identities);
        Assert.Equal(naming, names.Naming.ToString());
        Assert.InRange(read, 0, 1);
    }

    [Fact]
    public void Every_number_of_a_long_text_is_the_clones()
    {
        string Many(int number) => $"SELECT 1{string.Concat(Enumerable.Repeat($", pg_terminate_backend({number})", 10_000))}";
        Assert.Equal((Many(70), PgNaming.Known), (TextOf(Replace(RawPostgreSql.Query(Many(7))).Request), PgNaming.Known));
    }

    [Fact]
    public void Numbers_of_transactions_push_no_other_names_out()
    {
        for (var i = 0; i < 110_000; i += 1_000)
        {
            var numbers = Enumerable.Range(1_000 + i, 1_000).Select(number => (uint)number).ToList();
            PgTransactionNumbers.Pair(numbers, numbers.ConvertAll(number => number + 1), identities);
        }

        Assert.Equal((70L, 110_001L), (PgProcessNumbers.OfClone(7, identities), PgTransactionNumbers.OfClone(110_000, identities)));
        Assert.InRange(identities.Count, 2, 10);
    }

    [Theory]
    [InlineData("SELECT pg_terminate_backend(9);", true)]
    [InlineData("SELECT pg_terminate_backend(9); INSERT INTO t VALUES (1)", false)]
    public void Only_a_statement_alone_can_be_left_out(string sql, bool isAlone) =>
        Assert.Equal(isAlone, PgProcessNumbers.IsAlone(RawPostgreSql.Query(sql)));

    private static byte[] Key(int number)
    {
        var key = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(key, number);
        return key;
    }

    private static string TextOf(byte[] query) => Encoding.Latin1.GetString(query.AsSpan(PgMessage.HeaderLength)).TrimEnd('\0');

    private (byte[] Request, PgNaming Naming) Replace(byte[] request)
    {
        var (replaced, naming) =
            PgProcessNumbers.Replace(request, name => prepared.GetValueOrDefault(name), prepared.ContainsKey, identities);
        return (replaced.ToArray(), naming);
    }
}
