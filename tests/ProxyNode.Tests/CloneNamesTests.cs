using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Names that a clone draws itself, and statements that were prepared before anything was recorded.</summary>
public sealed class CloneNamesTests
{
    private static readonly WildcardRules Rules = new() { Sql = [WildcardRules.Pattern("'[0-9a-f]{4}'")] };

    private readonly Recording.Record record = new(1 << 20, TimeProvider.System);
    private readonly MySqlMatcher online = new(Rules);
    private readonly MySqlMatcher clone = new(Rules);

    [Fact]
    public void What_a_clone_calls_otherwise_is_found_as_the_same_once_it_was_found_by_its_wildcards()
    {
        Add("INSERT INTO sessions VALUES ('aaaa', 17)", "ok", arrival: 10);
        Add("INSERT INTO sessions VALUES ('bbbb', 18)", "ok", arrival: 11);
        Add("SELECT user FROM sessions WHERE id = 'aaaa'", "seventeen", arrival: 100);
        Add("SELECT user FROM sessions WHERE id = 'bbbb'", "eighteen", arrival: 110);
        Assert.Equal(("ok", MatchKind.Wildcard), Find("INSERT INTO sessions VALUES ('cccc', 17)", at: 11));
        Assert.Equal(("ok", MatchKind.Wildcard), Find("INSERT INTO sessions VALUES ('dddd', 18)", at: 10));
        Assert.Equal(("seventeen", MatchKind.Exact), Find("SELECT user FROM sessions WHERE id = 'cccc'", at: 111));
        Assert.Equal(("eighteen", MatchKind.Exact), Find("SELECT user FROM sessions WHERE id = 'dddd'", at: 99));
    }

    [Fact]
    public void Of_those_that_are_exactly_the_same_it_is_counted_which_are_so_by_values_that_were_learnt()
    {
        var counter = new MatchCounter();
        counter.Add(MatchKind.Exact);
        counter.Add(MatchKind.Exact, isByLearntValue: true);
        counter.Add(MatchKind.Wildcard, isByLearntValue: true);
        Assert.Equal(new Events.Proxies.MatchCounts(2, 1, 0, 0, 1), counter.Read());
    }

    [Fact]
    public void What_is_asked_twice_is_answered_in_the_same_order_also_when_the_clone_is_late()
    {
        Add("SELECT book FROM cart", "left out by the clone", arrival: 10);
        Add("SELECT book FROM cart", "before", arrival: 100);
        Add("SELECT book FROM cart", "after", arrival: 110);
        Assert.Equal(("before", MatchKind.Exact), Find("SELECT book FROM cart", at: 111, lag: 50));
        Assert.Equal(("after", MatchKind.Exact), Find("SELECT book FROM cart", at: 125, lag: 50));
        Assert.Equal(("left out by the clone", MatchKind.Exact), Find("SELECT book FROM cart", at: 125, lag: 50));
    }

    [Fact]
    public void Nothing_is_learnt_from_a_request_that_is_only_of_the_same_kind_nor_kept_when_the_record_is_dropped()
    {
        Add("SELECT user FROM sessions WHERE id = 'aaaa' AND age < 5", "young", arrival: 10);
        Assert.Equal(MatchKind.Nearest, Find("SELECT user FROM sessions WHERE id = 'cccc' AND age < 6", at: 10).Kind);
        Assert.Equal(MatchKind.Wildcard, Find("SELECT user FROM sessions WHERE id = 'cccc' AND age < 5", at: 10).Kind);
        record.Clear();
        Add("SELECT user FROM sessions WHERE id = 'aaaa' AND age < 5", "young", arrival: 10);
        Assert.Equal(MatchKind.Wildcard, Find("SELECT user FROM sessions WHERE id = 'cccc' AND age < 5", at: 10).Kind);
    }

    [Fact]
    public void A_statement_that_was_prepared_before_anything_was_recorded_is_known_by_its_text()
    {
        const string sql = "SELECT user FROM sessions WHERE id = ?";
        var dialogue = new MySqlDialogue();
        dialogue.Statements[7] = new MySqlStatement(sql, parameters: 0, database: "");
        online.Follow(dialogue);
        byte[] prepared = [12, 0, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        clone.KeysOf(Command(0x16, Encoding.UTF8.GetBytes(sql)));
        clone.Adapt(Command(0x16, Encoding.UTF8.GetBytes(sql)), prepared);
        Assert.Equal(online.KeysOf(Execute(7)), clone.KeysOf(Execute(1)));
        Assert.NotEqual(online.KeysOf(Execute(8)), clone.KeysOf(Execute(1)));
    }

    [Fact]
    public void What_a_connection_prepares_is_answered_whenever_a_clone_opens_another_one_and_its_settings_are_accepted()
    {
        var prepare = Command(0x16, "SELECT 1"u8.ToArray());
        Assert.True(online.Lasts(0x16) && !online.Lasts(3));
        record.AddLasting(online.KeysOf(prepare)!.Value, "prepared"u8.ToArray(), arrival: 10, answered: 11);
        record.Clear();
        var (found, kind) = record.Find(clone.KeysOf(prepare)!.Value, 1_000_000);
        Assert.Equal(("prepared", MatchKind.Exact), (Encoding.UTF8.GetString(found!.Reply), kind));
        Assert.Equal(MySqlPacket.OkPacket(1), clone.Missing(Command(3, "set names utf8mb4"u8.ToArray())).ToArray());
        Assert.NotEqual(MySqlPacket.OkPacket(1), clone.Missing(Command(3, "SELECT 2"u8.ToArray())).ToArray());
    }

    private void Add(string sql, string reply, long arrival) =>
        record.Add(
            online.KeysOf(Command(3, Encoding.UTF8.GetBytes(sql)))!.Value,
            Encoding.UTF8.GetBytes(reply),
            closes: false,
            arrival,
            arrival + 1,
            oldest: 0);

    private (string? Reply, MatchKind Kind) Find(string sql, long at, long lag = 0)
    {
        clone.Names = record.Names;
        var (found, kind) = record.Find(clone.KeysOf(Command(3, Encoding.UTF8.GetBytes(sql)))!.Value, at, lag);
        return (found is null ? null : Encoding.UTF8.GetString(found.Reply), kind);
    }

    private static byte[] Execute(uint statement)
    {
        var argument = new byte[9];
        BinaryPrimitives.WriteUInt32LittleEndian(argument, statement);
        return Command(0x17, argument);
    }

    private static byte[] Command(byte command, byte[] argument) => [(byte)(argument.Length + 1), 0, 0, 0, command, .. argument];
}
