using JustRunIt.ProxyNode.Tests.Conversations;
using JustRunIt.ProxyNode.Tests.Fuzzing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What real peers said to each other, as recorded, is understood however it is cut into pieces.</summary>
public sealed class VectorTests
{
    public static TheoryData<string, string> Recorded
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var conversation in Conversation.All)
                data.Add(conversation.Protocol, conversation.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Whole_conversations_are_understood_to_the_last_byte(string protocol, string name)
    {
        var parts = Parts(protocol, name);
        var heard = Hearing.Of(protocol, parts, () => int.MaxValue);
        Assert.Null(heard.Refused);
        Assert.Equal(
            parts.Where(part => part.By == Speaker.Server).Sum(part => part.Bytes.Length), heard.SentOn.Server.Length + heard.SaidByProxy);
        Assert.True(heard.Requests > 0);
        Assert.Equal(
            heard.Events.Count(happened => happened.StartsWith("request", StringComparison.Ordinal)
                && happened.Contains(" begins ")
                && !happened.Contains("one way")),
            heard.Events.Count(happened => happened.StartsWith("reply ends", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void A_byte_a_piece_and_random_pieces_are_understood_like_the_whole(string protocol, string name)
    {
        var parts = Parts(protocol, name);
        var random = new Random(1);
        for (var i = 0; i < 5; i++)
            Invariants.Check(protocol, parts, random);
    }

    /// <summary>Whatever was sent when the other side vanishes: every request and reply before is understood as it was.</summary>
    [Theory]
    [MemberData(nameof(Recorded))]
    public void Every_prefix_is_understood_as_the_start_of_the_whole(string protocol, string name)
    {
        var parts = Parts(protocol, name);
        var whole = Hearing.Of(protocol, parts, () => int.MaxValue).Whole.ToList();
        var total = parts.Sum(part => part.Bytes.Length);
        // Of long conversations every so many bytes, with the ends of all parts among them.
        var step = Math.Max(1, total / 1500);
        for (var length = 0; length < total; length += step)
        {
            var heard = Hearing.Of(protocol, Prefix(parts, length), () => int.MaxValue);
            Assert.Null(heard.Refused);
            // A reply that ends with the connection ends wherever that does.
            var ended = heard.Whole.ToList();
            Assert.Equal(whole.Take(Math.Max(0, ended.Count - 1)), ended.Take(Math.Max(0, ended.Count - 1)));
        }
    }

    [Fact]
    public void Every_kind_of_packet_was_recorded()
    {
        foreach (var (protocol, kinds) in PacketKinds.Expected)
        {
            var seen = Conversation.Of(protocol).SelectMany(conversation => PacketKinds.Of(protocol, conversation.Parts)).ToHashSet();
            Assert.Empty(kinds.Except(seen));
        }
    }

    private static IReadOnlyList<Said> Parts(string protocol, string name) =>
        Conversation.Of(protocol).Single(conversation => conversation.Name == name).Parts;

    private static List<Said> Prefix(IReadOnlyList<Said> parts, int length)
    {
        var prefix = new List<Said>();
        foreach (var part in parts)
        {
            prefix.Add(part with { Bytes = part.Bytes[..Math.Min(length, part.Bytes.Length)] });
            length -= part.Bytes.Length;
            if (length <= 0)
                break;
        }

        return prefix;
    }
}
