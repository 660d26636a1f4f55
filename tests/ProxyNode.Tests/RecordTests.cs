using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Look-ups in the record (DESIGN §5): exact, with wildcards, nearest, missing; each exchange once before any twice.</summary>
public sealed class RecordTests
{
    private static readonly WildcardRules Rules = new()
    {
        Headers = new HashSet<string> { "cookie" },
        QueryParameters = new HashSet<string> { "t" },
        FormFields = new HashSet<string> { "stamp" },
        JsonFields = new HashSet<string> { "token" },
        Paths = [WildcardRules.Pattern("sid-[0-9a-f]+")],
    };

    private readonly Recording.Record record = new(1 << 20, TimeProvider.System);

    [Fact]
    public void Host_and_connection_headers_and_chunking_do_not_matter()
    {
        Add(Request("POST /a", "hello", "Host: 127.0.0.1:1", "Content-Type: text/plain"), "one", arrival: 10);
        var (found, kind) = Find("POST /a HTTP/1.1\r\nHost: 10.213.0.1:2\r\nContent-Type: text/plain\r\nTransfer-Encoding: "
            + "chunked\r\nConnection: keep-alive\r\n\r\n2\r\nhe\r\n3 ;x=1\r\nllo\r\n0\r\n\r\n");
        Assert.Equal(("one", MatchKind.Exact), (Text(found), kind));
    }

    [Theory]
    [InlineData("GET /a?t=1&x=2", "", "GET /a?t=9&x=2", "")]
    [InlineData("GET /sid-00ff/a", "", "GET /sid-12/a", "")]
    [InlineData(
        "POST /j",
        "{\"token\":\"abc\",\"list\":[{\"token\":1}],\"x\":1}",
        "POST /j",
        "{\"token\":\"def\",\"list\":[{\"token\":2}],\"x\":1}")]
    public void Declared_fields_are_wildcards(string recorded, string recordedBody, string asked, string askedBody)
    {
        Add(Request(recorded, recordedBody, "Content-Type: application/json", "Cookie: a=1"), "reply", arrival: 10);
        var (found, kind) = Find(Request(asked, askedBody, "Content-Type: application/json", "Cookie: a=2"));
        Assert.Equal(("reply", MatchKind.Wildcard), (Text(found), kind));
    }

    [Fact]
    public void A_declared_form_field_is_a_wildcard_and_the_others_are_not()
    {
        Add(Request("POST /f", "a=1&stamp=5", "Content-Type: application/x-www-form-urlencoded"), "reply", arrival: 10);
        Assert.Equal(MatchKind.Wildcard, Find(Request("POST /f", "a=1&stamp=6", "Content-Type: application/x-www-form-urlencoded")).Kind);
        Assert.Equal(MatchKind.Nearest, Find(Request("POST /f", "a=2&stamp=5", "Content-Type: application/x-www-form-urlencoded")).Kind);
    }

    [Fact]
    public void The_same_kind_of_request_is_nearest_and_nothing_alike_is_missing()
    {
        Add(Request("GET /items/17?page=1", ""), "seventeen", arrival: 10);
        Assert.Equal(
            ("seventeen", MatchKind.Nearest),
            (Text(Find(Request("GET /items/18?page=2", "")).Reply), Find(Request("GET /items/18", "")).Kind));
        Assert.Equal((null, MatchKind.Missing), (Text(Find(Request("GET /users/17", "")).Reply), Find(Request("POST /items/17", "")).Kind));
    }

    [Fact]
    public void Equal_requests_are_answered_in_the_order_of_time_and_the_last_again_when_all_are_used()
    {
        Add(Request("GET /counter", ""), "2", arrival: 200);
        Add(Request("GET /counter", ""), "1", arrival: 100);
        Add(Request("GET /counter", ""), "3", arrival: 300);
        Assert.Equal(
            ["1", "2", "3", "3"],
            new[] { 110L, 190L, 310L, 320L }.Select(at => Text(record.Find(Keys(Request("GET /counter", "")), at).Reply)));
    }

    [Fact]
    public void Of_thousands_of_equal_requests_the_nearest_in_time_answers_and_the_used_are_passed_over()
    {
        // Far more than could be searched one by one for each of as many look-ups.
        const int count = 20_000;
        var large = new Recording.Record(1 << 30, TimeProvider.System);
        var keys = Keys(Request("GET /same", ""));
        foreach (var i in Enumerable.Range(0, count).Select(i => (i * 7919L) % count))
            large.Add(keys, [], closes: false, arrival: i * 10, answered: (i * 10) + 1, oldest: 0);
        Assert.Equal(50_000, large.Find(keys, 50_003).Reply!.Arrival);
        Assert.Equal(50_010, large.Find(keys, 50_003).Reply!.Arrival);
        Assert.Equal(49_990, large.Find(keys, 50_003).Reply!.Arrival);
        var found = Enumerable.Range(0, count - 3).Select(i => large.Find(keys, i * 10).Reply!.Arrival).ToHashSet();
        Assert.Equal(count - 3, found.Count);
        Assert.Equal(50_000, large.Find(keys, 50_003).Reply!.Arrival);
    }

    [Fact]
    public void Memory_is_bounded_and_the_oldest_goes_first()
    {
        var small = new Recording.Record(10_000, TimeProvider.System);
        for (var i = 0; i < 100; i++)
            small.Add(
                Keys(Request($"GET /n/{(char)('a' + (i % 26))}{i}x", "")),
                new byte[1000],
                closes: false,
                arrival: i,
                answered: i,
                oldest: 0);
        Assert.InRange(small.Count, 1, 9);
        Assert.NotEqual(MatchKind.Exact, small.Find(Keys(Request("GET /n/a0x", "")), 0).Kind);
    }

    [Fact]
    public void What_is_too_old_is_let_go()
    {
        Add(Request("GET /old", ""), "old", arrival: 10);
        record.Add(Keys(Request("GET /new", "")), [], closes: false, arrival: 500, answered: 501, oldest: 100);
        Assert.Equal(1, record.Count);
    }

    private void Add(string request, string reply, long arrival) =>
        record.Add(Keys(request), Bytes(reply), closes: false, arrival, arrival + 1, oldest: 0);

    private (RecordedReply? Reply, MatchKind Kind) Find(string request) => record.Find(Keys(request), 10);

    private static string Request(string start, string body, params string[] headers) =>
        $"{start} HTTP/1.1\r\n{string.Concat(headers.Select(header => header + "\r\n"))}Content-Length: {body.Length}\r\n\r\n{body}";

    private static RequestKeys Keys(string request) => HttpKeys.Of(Bytes(request), Rules);

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static string? Text(RecordedReply? found) => found is null ? null : Encoding.Latin1.GetString(found.Reply);
}
