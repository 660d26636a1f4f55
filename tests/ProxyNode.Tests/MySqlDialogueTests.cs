using System.Text;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a MySQL dialogue knows of its session follows what the server has done, however it arrives.</summary>
public sealed class MySqlDialogueTests
{
    private const uint Capabilities =
        MySqlPacket.SecureConnection | MySqlPacket.PluginAuthentication | MySqlPacket.MultiStatements | 0x20201;

    private readonly MySqlDialogue dialogue = new();

    public MySqlDialogueTests()
    {
        var challenge = Encoding.ASCII.GetBytes("abcdefghijklmnopqrst");
        Server(MySqlPacket.Frame(new MySqlGreeting("8.0.36", Capabilities, 0, challenge, "", 45, 7).ToPayload(7), 0));
        Client(MySqlPacket.Frame(
            [
                .. BitConverter.GetBytes(Capabilities), 0, 0, 0, 1, 45, .. new byte[23], .. "shop\0"u8, 20, .. new byte[20],
                .. "mysql_native_password\0"u8,
            ],
            1));
        Server(MySqlPacket.OkPacket(2));
    }

    [Fact]
    public void Of_several_statements_those_that_were_answered_have_changed_the_session()
    {
        Ask(MySqlCommand.Query, "USE b; SET @a = 1; SELECT bad; USE c"u8);
        Server(Ok(1, hasMore: true));
        Server(Ok(2, hasMore: true));
        Server(Error(3, 1054));
        Assert.Equal(("b", "SET @a=1"), (dialogue.Session.Database, string.Join(';', dialogue.Session.Settings)));
        Ask(MySqlCommand.Query, "USE c; USE d"u8);
        Server(Ok(1, hasMore: true));
        Server(Ok(2, hasMore: false));
        Assert.Equal("d", dialogue.Session.Database);
        Ask(MySqlCommand.Query, "USE nowhere"u8);
        Server(Error(1, 1049));
        Assert.Equal("d", dialogue.Session.Database);
    }

    [Fact]
    public void Who_is_refused_as_somebody_else_is_who_he_was_without_what_he_had()
    {
        var before = dialogue.LogIn;
        Prepare("SELECT 1", parameters: 0);
        Ask(MySqlCommand.Query, "SET @a = 1"u8);
        Server(Ok(1, hasMore: false));
        Ask(MySqlCommand.ChangeUser, [.. "root\0"u8, 0, .. "elsewhere\0"u8]);
        Server(Error(1, 1045));
        Assert.NotNull(before);
        Assert.Same(before, dialogue.LogIn);
        Assert.Equal(("shop", 0, 0), (dialogue.Login!.User, dialogue.Session.Settings.Count(), dialogue.Statements.Count));
    }

    [Fact]
    public void Who_becomes_two_others_without_waiting_is_the_one_and_then_the_other()
    {
        Ask(MySqlCommand.ChangeUser, [.. "root\0"u8, 0, .. "one\0"u8]);
        Ask(MySqlCommand.ChangeUser, [.. "mover\0"u8, 0, .. "two\0"u8]);
        Server(Ok(1, hasMore: false));
        Assert.Equal(("root", "one"), (dialogue.Login!.User, dialogue.Session.Database));
        Server(Ok(1, hasMore: false));
        Assert.Equal(("mover", "two"), (dialogue.Login!.User, dialogue.Session.Database));
        Ask(MySqlCommand.Query, "SET @a = 1"u8);
        Server(Ok(1, hasMore: false));
        Assert.Equal("SET @a=1", Assert.Single(dialogue.Session.Settings));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void A_change_of_the_user_that_is_too_long_is_refused_whatever_pieces_it_arrives_in(int piece)
    {
        var problem = Assert.Throws<ProtocolException>(
            () => Ask(MySqlCommand.ChangeUser, [.. "root\0"u8, 0, .. "shop\0"u8, 45, 0, .. "plugin\0"u8, .. new byte[300_000]], piece));
        Assert.StartsWith("a COM_CHANGE_USER of more than ", problem.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void The_types_of_parameters_are_known_whatever_pieces_they_arrive_in(int piece)
    {
        Prepare("SELECT ?", parameters: 1);
        Ask(MySqlCommand.StatementExecute, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0xFD, 0, 2, (byte)'h', (byte)'i'], piece);
        Server(Ok(1, hasMore: false));
        Assert.Equal((byte[])[0xFD, 0], dialogue.Statements[1].Types);
        Ask(MySqlCommand.StatementExecute, [0xFF, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0, 0, 1, 0x08, 0, .. new byte[8]], piece);
        Server(Ok(1, hasMore: false));
        Assert.Equal((byte[])[0x08, 0], dialogue.Statements[1].Types);
        Ask(MySqlCommand.StatementBulkExecute, [1, 0, 0, 0, 128, 0, 0xFC, 0, 0, 1, (byte)'x'], piece);
        Server(Ok(1, hasMore: false));
        Assert.Equal((byte[])[0xFC, 0], dialogue.Statements[1].Types);
        Ask(MySqlCommand.StatementSendLongData, [1, 0, 0, 0, 0, 0, (byte)'x'], piece);
        Assert.True(dialogue.Statements[1].HasPieces);
    }

    [Theory]
    [InlineData("SET @x = 1")]
    [InlineData("/* the application's comment, longer than a first word */ SET @x = 1")]
    [InlineData("SELECT id FROM t WHERE name = 'somebody whose name is long' INTO @x")]
    public void What_a_statement_leaves_is_seen_whatever_pieces_it_arrives_in(string sql)
    {
        Ask(MySqlCommand.Query, Encoding.UTF8.GetBytes(sql), piece: 1);
        Server(Ok(1, hasMore: false));
        Assert.Contains("@x", dialogue.Context, StringComparison.Ordinal);
    }

    [Fact]
    public void A_statement_too_long_to_be_kept_leaves_something_that_nobody_knows()
    {
        Ask(MySqlCommand.Query, [.. "SET @x = '"u8, .. Enumerable.Repeat((byte)'x', 600_000), (byte)'\''], piece: 100_000);
        Server(Ok(1, hasMore: false));
        Assert.Equal("a statement too long to be kept", dialogue.Unrepeatable);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(5000)]
    public void A_statement_that_begins_with_no_change_is_relayed_before_it_is_whole(int piece)
    {
        var bytes = MySqlPacket.Frame([(byte)MySqlCommand.Query, .. "SELECT '"u8, .. Padding(20_000), (byte)'\''], 0);
        Assert.Equal(piece, dialogue.FromClient(bytes.AsSpan(0, piece), out var step));
        Assert.True(step.Begins);
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES ('@a := 1; SET @b = 2; get_lock(1)', '", null)]
    [InlineData("INSERT INTO t VALUES (@a := 1, '", "a variable's value")]
    [InlineData("SELECT GET_LOCK('a', 1), '", "a named lock")]
    [InlineData("SELECT 1; SET @b = '", "a statement too long to be kept")]
    [InlineData("/* app */ SET @b = '", "a statement too long to be kept")]
    public void Of_a_long_statement_its_beginning_decides_whatever_is_within_its_strings(string beginning, string? expected)
    {
        var before = dialogue.Context;
        Ask(MySqlCommand.Query, [.. Encoding.UTF8.GetBytes(beginning), .. Padding(200_000), .. "')"u8], piece: 30_000);
        Server(Ok(1, hasMore: false));
        Assert.Equal((expected, expected is null or "a named lock"), (dialogue.Unrepeatable, dialogue.Context == before));
        Assert.InRange(dialogue.Context.Length, 0, 4096);
    }

    [Fact]
    public void Of_very_many_that_are_sent_ahead_the_circumstances_are_those_of_now()
    {
        for (var i = 0; i < 64; i++)
            Ask(MySqlCommand.InitDb, "b"u8);
        Assert.Equal("b", MySqlSession.DatabaseIn(dialogue.Context));
        Ask(MySqlCommand.InitDb, "b"u8);
        Assert.Same(dialogue.Session.Context, dialogue.Context);
        for (var i = 0; i < 65; i++)
            Server(Ok(1, hasMore: false));
        Assert.Equal("b", MySqlSession.DatabaseIn(dialogue.Context));
        for (var i = 0; i < 3; i++)
            Ask(MySqlCommand.Query, [.. "SET @b = '"u8, .. Padding(10_000), (byte)'\'']);
        Assert.Same(dialogue.Session.Context, dialogue.Context);
    }

    [Fact]
    public void The_value_of_a_prepared_parameter_is_a_part_of_what_was_set()
    {
        Prepare("SET @x = ?", parameters: 1);
        var contexts = new List<string>();
        foreach (var value in "ab")
        {
            Ask(MySqlCommand.StatementExecute, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0xFD, 0, 1, (byte)value]);
            Server(Ok(1, hasMore: false));
            contexts.Add(dialogue.Context);
        }

        Assert.NotEqual(contexts[0], contexts[1]);
        Assert.Equal("a variable's value", dialogue.Unrepeatable);
    }

    [Fact]
    public void What_is_sent_before_the_answer_to_what_it_depends_on_has_the_circumstances_that_it_will_meet()
    {
        Ask(MySqlCommand.Query, "SET time_zone = '+01:00'"u8);
        Server(Ok(1, hasMore: false));
        // As a pool does when it lends a connection.
        Ask(MySqlCommand.ResetConnection, []);
        Ask(MySqlCommand.InitDb, "b"u8);
        Ask(MySqlCommand.Query, "SET NAMES utf8mb4"u8);
        Ask(MySqlCommand.Query, "SELECT 1"u8);
        var expected = dialogue.Context;
        for (var i = 0; i < 3; i++)
            Server(Ok(1, hasMore: false));
        Assert.Equal(dialogue.Context, expected);
        Assert.DoesNotContain("+01:00", expected, StringComparison.Ordinal);
        Assert.Equal("b", MySqlSession.DatabaseIn(expected));
    }

    [Fact]
    public void What_the_protocols_option_has_switched_outlives_a_reset()
    {
        Ask(MySqlCommand.SetOption, [1, 0]);
        Server(Ok(1, hasMore: false));
        Ask(MySqlCommand.ResetConnection, []);
        Server(Ok(1, hasMore: false));
        Assert.Equal((byte[])[1, 0], dialogue.Session.Option);
    }

    [Fact]
    public void After_a_deadlock_no_transaction_is_open()
    {
        Ask(MySqlCommand.Query, "BEGIN"u8);
        Server(MySqlPacket.Frame([0, 0, 0, 3, 0, 0, 0], 1));
        Assert.False(dialogue.IsAtRest);
        Ask(MySqlCommand.Query, "UPDATE t SET v = 1"u8);
        Server(Error(1, 1213));
        Assert.True(dialogue.IsAtRest);
    }

    [Theory]
    [InlineData((byte)0x20)]
    [InlineData((byte)0x21)]
    public void What_copies_the_server_is_a_stream(byte command)
    {
        byte[] request = [5, 0, 0, 0, command, 1, 2, 3, 4];
        Assert.Equal(request.Length, dialogue.FromClient(request, out var step));
        Assert.True(step is { IsStream: true, IsPrivate: true });
        // In a protocol of its own from then on.
        Assert.Equal(3, dialogue.FromServer(new byte[3], out _));
    }

    private static IEnumerable<byte> Padding(int length) => Enumerable.Repeat((byte)'x', length);

    private static byte[] Ok(int sequence, bool hasMore) => MySqlPacket.Frame([0, 0, 0, (byte)(hasMore ? 10 : 2), 0, 0, 0], sequence);

    private static byte[] Error(int sequence, int code) => MySqlPacket.ErrorPacket(sequence, code, "HY000", "no");

    private void Prepare(string sql, byte parameters)
    {
        Ask(MySqlCommand.StatementPrepare, Encoding.UTF8.GetBytes(sql));
        Server(MySqlPacket.Frame([0, 1, 0, 0, 0, 0, 0, parameters, 0, 0, 0, 0], 1));
        for (var i = 0; i < parameters; i++)
            Server(MySqlPacket.Frame([3, .. "def"u8, 0, 0, 0, 1, (byte)'?', 0, 12, 45, 0, 9, 0, 0, 0, 253, 0, 0, 0, 0, 0], 2 + i));
        if (parameters > 0)
            Server(MySqlPacket.Frame([0xFE, 0, 0, 2, 0], 2 + parameters));
        Assert.Equal(sql, dialogue.Statements[1].Sql);
    }

    private void Ask(MySqlCommand command, ReadOnlySpan<byte> argument, int piece = int.MaxValue) =>
        Client(MySqlPacket.Frame([(byte)command, .. argument], 0), piece);

    /// <summary>As a relay hears it: what is not taken yet is there again, with the next piece behind it.</summary>
    private void Client(byte[] bytes, int piece = int.MaxValue)
    {
        var (from, to) = (0, 0);
        while (from < bytes.Length)
        {
            var taken = dialogue.FromClient(bytes.AsSpan(from, to - from), out _);
            from += taken;
            if (taken == 0 && to == bytes.Length)
                throw new ProtocolException("a command without an end");
            if (taken == 0)
                to = (int)Math.Min((long)to + piece, bytes.Length);
        }
    }

    private void Server(byte[] bytes)
    {
        for (var from = 0; from < bytes.Length;)
        {
            var taken = dialogue.FromServer(bytes.AsSpan(from), out _);
            from += taken > 0 ? taken : throw new ProtocolException("a reply without an end");
        }
    }
}
