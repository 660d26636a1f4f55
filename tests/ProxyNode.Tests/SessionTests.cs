using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Sessions;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a session is, and when it begins at another speed (§2.3).</summary>
public sealed class SessionTests
{
    private static readonly SessionRules ByCookie = new(SessionKind.Cookie, new HashSet<string> { "SID" });
    private static readonly SessionRules ByIdentity = new(SessionKind.Identity, new HashSet<string>());

    [Fact]
    public void A_connection_is_a_session_unless_rules_say_otherwise()
    {
        var finder = new SessionFinder(SessionRules.Connections);
        Assert.Equal(finder.Find(1, ["a"]), finder.Find(1, ["b"]));
        Assert.NotEqual(finder.Find(1, ["a"]), finder.Find(2, ["a"]));
    }

    [Fact]
    public void A_request_without_a_name_begins_a_session_which_gets_the_name_that_the_server_gives_out()
    {
        var finder = new SessionFinder(ByCookie);
        var first = finder.Find(1, []);
        var second = finder.Find(1, []);
        Assert.NotEqual(first, second);
        finder.Learn(first, [new IssuedName("x", IsDeclared: false)]);
        finder.Learn(second, [new IssuedName("y", IsDeclared: false)]);
        Assert.Equal(first, finder.Find(7, ["x"]));
        Assert.Equal(second, finder.Find(8, ["y"]));
    }

    [Fact]
    public void A_name_from_before_is_a_session_of_its_own()
    {
        var finder = new SessionFinder(ByIdentity);
        Assert.Equal(finder.Find(1, ["old"]), finder.Find(2, ["unknown", "old"]));
        Assert.NotEqual(finder.Find(1, ["old"]), finder.Find(1, ["other"]));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nCookie: theme=dark; SID=1; SID2=2\r\n\r\n", "1", "dark,1,2")]
    [InlineData("GET /a;jsessionid=9?b HTTP/1.1\r\nCookie: theme=dark\r\n\r\n", "9", "dark,9")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", "")]
    public void Sessions_are_named_by_cookies_and_in_paths(string request, string byCookie, string byIdentity)
    {
        var http = ProtocolRegistry.FindMessages("http")!;
        Assert.Equal(byCookie, string.Join(',', http.SessionNamesIn(Encoding.ASCII.GetBytes(request), ByCookie)));
        Assert.Equal(byIdentity, string.Join(',', http.SessionNamesIn(Encoding.ASCII.GetBytes(request), ByIdentity)));
        Assert.Empty(http.SessionNamesIn(Encoding.ASCII.GetBytes(request), SessionRules.Connections));
    }

    [Fact]
    public void Slower_defers_each_session_more_than_the_one_before()
    {
        var half = new SessionSchedule(StartedAt: 1000, Shift: 100, Hold: 0, Speed: 0.5);
        Assert.Equal([1100, 1120, 1300], new[] { half.Begin(1000), half.Begin(1010), half.Begin(1100) });
    }

    [Fact]
    public void Faster_lasts_until_what_was_held_back_is_used_up_and_never_runs_ahead()
    {
        var twice = new SessionSchedule(StartedAt: 0, Shift: 100, Hold: 1000, Speed: 2);
        Assert.Equal([1100, 1150, 1600], new[] { twice.Begin(0), twice.Begin(100), twice.Begin(1000) });
        Assert.Equal(2000, twice.FasterUntil);
        Assert.Equal(twice.FasterUntil + 100, twice.Begin(twice.FasterUntil));
        Assert.Equal(5100, twice.Begin(5000));
    }

    [Fact]
    public void Requests_of_one_session_keep_their_gaps_at_any_speed()
    {
        var book = new SessionBook(
            Recording.ServiceRules.None with { Sessions = ByCookie },
            ProtocolRegistry.FindMessages("http")!,
            new SessionSchedule(0, 100, 0, 0.5));
        var begin = "GET / HTTP/1.1\r\nCookie: SID=a\r\n\r\n"u8;
        var (session, due) = book.Find(1, begin, arrival: 1000);
        Assert.Equal(2100, due);
        Assert.Equal((session, 2100 + 70), book.Find(2, begin, arrival: 1070));
        var (other, otherDue) = book.Find(1, "GET / HTTP/1.1\r\nCookie: SID=b\r\n\r\n"u8, arrival: 1070);
        Assert.NotEqual(session, other);
        Assert.Equal(2240, otherDue);
    }
}
