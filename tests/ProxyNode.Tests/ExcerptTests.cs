using System.Text;
using JustRunIt.Hosting.Secrets;
using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Measuring;
using JustRunIt.ProxyNode.MySql;
using JustRunIt.ProxyNode.PostgreSql;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>What a report shows of traffic.</summary>
public sealed class ExcerptTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("GET /a?token=hunter2 HTTP/1.1\r\nHost: shop\r\nCookie: id=hunter2\r\nAuthorization: Bearer hunter2hunter2\r\n\r\n")]
    [InlineData("POST /login HTTP/1.1\r\nHost: shop\r\nContent-Length: 30\r\n\r\nuser=bob&password=hunter2")]
    [InlineData("POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nc\r\npassword=hun\r\n7\r\nhunter2\r\n0\r\n\r\n")]
    public void Of_http_nothing_lets_anybody_in(string request) => Hidden("http", Encoding.Latin1.GetBytes(request), "/");

    [Theory]
    [InlineData("UPDATE accounts SET pass = 'hunter2' WHERE name = 'bob'")]
    [InlineData("SET PASSWORD FOR bob = PASSWORD(\"hunter2\")")]
    [InlineData("SELECT 1 /* hunter2 */ FROM accounts # hunter2")]
    [InlineData("SELECT 'it''s hunter2', 'a\\'hunter2', 'hunter2")]
    public void Of_mysql_no_value_is_shown(string sql) =>
        Hidden("mysql", RawMySql.Query(sql), sql.Split(' ')[0]);

    [Fact]
    public void Of_mysql_no_parameter_is_shown() =>
        Hidden("mysql", MySqlPacket.Frame([(byte)MySqlCommand.StatementExecute, 1, 0, 0, 0, .. "hunter2"u8], 0), "StatementExecute");

    [Theory]
    [InlineData("ALTER ROLE bob PASSWORD 'hunter2'")]
    [InlineData("ALTER ROLE bob PASSWORD $x$hunter2$x$")]
    [InlineData("SELECT E'\\'hunter2' -- hunter2")]
    public void Of_postgresql_no_value_is_shown(string sql) =>
        Hidden("postgresql", PgMessage.Frame('Q', Encoding.UTF8.GetBytes(sql + "\0")), sql.Split(' ')[0]);

    [Fact]
    public void Of_postgresql_no_parameter_is_shown() => Hidden(
        "postgresql",
        [
            .. PgMessage.Frame('P', "s1\0UPDATE accounts SET pass = $1\0\0\0"u8),
            .. PgMessage.Frame('B', "\0s1\0\0\0\0\x01\0\0\0\x07hunter2\0\0"u8),
            .. PgMessage.Frame('S', []),
        ],
        "UPDATE accounts SET pass =");

    [Fact]
    public void Of_ajp_only_the_target_is_shown()
    {
        // GET /a?password=hunter2 with a cookie (A009) and an authorization (A005).
        byte[] body =
        [
            2, 2, .. Text("HTTP/1.1"), .. Text("/a"), .. Text("::1"), .. Text("::1"), .. Text("shop"), 0, 80, 0, 0, 2,
            0xA0, 9, .. Text("id=hunter2"), 0xA0, 5, .. Text("Basic hunter2hunter2"), 5, .. Text("password=hunter2"), 0xFF,
        ];
        Hidden("ajp13", [0x12, 0x34, (byte)(body.Length >> 8), (byte)body.Length, .. body], "GET /a?password=***");

        static byte[] Text(string text) => [(byte)(text.Length >> 8), (byte)text.Length, .. Encoding.Latin1.GetBytes(text), 0];
    }

    [Theory]
    [InlineData("mysql", "SELECT id FROM a WHERE pass = 'hunter2' AND n = 1", "SELECT id FROM a WHERE pass = 'hunter2' AND n = 2")]
    [InlineData("mysql", "UPDATE a SET pass = \"hunter2\"", "UPDATE a SET pass = \"hunter2-b\"")]
    [InlineData("mysql", "SELECT 1 /* hunter2 */", "SELECT 1 /* hunter2 too */")]
    [InlineData("postgresql", "UPDATE a SET pass = 'hunter2' WHERE n = 4", "UPDATE a SET pass = 'other' WHERE n = 4")]
    [InlineData("postgresql", "UPDATE a SET pass = 'my hunter2 a'", "UPDATE a SET pass = 'my hunter2 b'")]
    [InlineData("postgresql", "UPDATE a SET pass = $x$hunter2$x$", "UPDATE a SET pass = $x$hunter2 too$x$")]
    [InlineData("postgresql", "SELECT 'a\\', 'hunter2', 5", "SELECT 'a\\', 'hunter2', 6")]
    public void Of_statements_that_differ_no_value_is_shown(string protocol, string recorded, string asked)
    {
        var (one, other) = (Encoding.UTF8.GetBytes(recorded), Encoding.UTF8.GetBytes(asked));
        var isMySql = protocol == "mysql";
        Differing(
            protocol,
            isMySql ? MySqlPacket.Frame([(byte)MySqlCommand.Query, .. one], 0) : PgMessage.Frame('Q', [.. one, 0]),
            isMySql ? MySqlPacket.Frame([(byte)MySqlCommand.Query, .. other], 0) : PgMessage.Frame('Q', [.. other, 0]));
    }

    [Fact]
    public void Of_parameters_that_differ_no_value_is_shown()
    {
        byte[] Bind(ReadOnlySpan<byte> value) =>
        [
            .. PgMessage.Frame('P', "s1\0UPDATE accounts SET pass = $1\0\0\0"u8),
            .. PgMessage.Frame('B', [.. "\0s1\0\0\0\0\x01\0\0\0"u8, (byte)value.Length, .. value, 0, 0]),
        ];
        byte[] Execute(ReadOnlySpan<byte> value) =>
            MySqlPacket.Frame([(byte)MySqlCommand.StatementExecute, 1, 0, 0, 0, .. value], 0);
        Differing("postgresql", Bind("hunter2 a"u8), Bind("hunter2 b"u8));
        Differing("mysql", Execute("hunter2 a"u8), Execute("hunter2 b"u8));
    }

    [Fact]
    public void Of_statements_that_differ_length_and_pattern_of_the_value_and_what_is_no_value_are_shown()
    {
        var samples = new MatchSamples();
        samples.Add(
            MatchKind.Nearest,
            ProtocolRegistry.FindMessages("postgresql")!.OpenMatcher(ServiceRules.None),
            PgMessage.Frame('Q', "SELECT x FROM t WHERE at = '12:43' AND name = 'bob'\0"u8),
            PgMessage.Frame('Q', "SELECT y FROM t WHERE at = '9:05' AND name = 'bob'\0"u8),
            Redaction.Default);

        var sample = Assert.Single(samples.Read());
        Assert.Equal("SELECT x FROM t WHERE at = '?' AND name = '?' ", sample.Asked);
        Assert.Equal(
            [("SELECT [y] FROM t WHERE at = '", "SELECT [x] FROM t WHERE at = '"), ("[4 characters]", "[5 characters]")],
            sample.Places!.Select(place => (place.Live, place.Sandbox)));
        Assert.Equal(" FROM t WHERE at = '[0-9]+:[0-9]+", sample.Places![1].Pattern);
    }

    [Fact]
    public void What_differs_within_a_secret_whose_name_is_far_before_it_is_not_shown()
    {
        var before = string.Join('-', Enumerable.Repeat("same", 50));
        var places = TextDifference.Of(
            $"GET / HTTP/1.1\r\nCookie: {before} hunter2 {before}\r\nX-Page: 1\r\n\r\n",
            $"GET / HTTP/1.1\r\nCookie: {before} hunter22 {before}\r\nX-Page: 2\r\n\r\n",
            Redaction.Default,
            out _);

        Assert.Equal("GET / HTTP/1.1  Cookie: [7 characters]  X-Page: 1    ", places[0].Live);
        Assert.Equal("GET / HTTP/1.1  Cookie: [8 characters]  X-Page: 2    ", places[0].Sandbox);
        Assert.EndsWith("X-Page: [1]    ", places[1].Live, StringComparison.Ordinal);
        Assert.DoesNotContain(places, place => place.Live.Contains("same", StringComparison.Ordinal));
    }

    [Fact]
    public void Fields_of_the_rules_are_taken_out_before_a_sample_is_kept()
    {
        var rules = Settings.FromFile("redact: [iban]", RulesFile.Read);
        var comparison = new Comparison(ProtocolRegistry.FindMessages("http")!, rules);

        comparison.Add(Encoding.Latin1.GetBytes("GET /pay?iban=hunter2 HTTP/1.1\r\nHost: shop\r\n\r\n"), (200, 1, 1), (500, 1, 1));

        Assert.Equal("GET /pay?iban=*** HTTP/1.1  Host: shop", Assert.Single(comparison.Read().Samples).Request);
    }

    [Fact]
    public void However_many_replies_differ_the_newest_kind_is_among_the_samples_and_samples_begin_anew_with_the_report()
    {
        var comparison = new Comparison(ProtocolRegistry.FindMessages("http")!, Recording.ServiceRules.None);
        for (var kind = 'a'; kind <= 'z'; kind++)
            comparison.Add(Encoding.Latin1.GetBytes($"GET /{kind}?id=1 HTTP/1.1\r\nHost: shop\r\n\r\n"), (200, 1, 1), (200, 1, 2));
        Assert.Equal(20, comparison.Read().Samples.Count);
        Assert.Contains(comparison.Read().Samples, sample => sample.Request.StartsWith("GET /z?", StringComparison.Ordinal));
        Assert.Equal(26, comparison.Read().Content);

        comparison.ForgetSamples();
        Assert.Empty(comparison.Read().Samples);
        comparison.Add("GET /1?id=1 HTTP/1.1\r\nHost: shop\r\n\r\n"u8, (200, 1, 1), (200, 1, 2));
        comparison.Add("GET /2?id=2 HTTP/1.1\r\nHost: shop\r\n\r\n"u8, (200, 1, 1), (200, 1, 2));

        var newest = Assert.Single(comparison.Read().Samples);
        Assert.Equal(("GET /2?id=2 HTTP/1.1  Host: shop", "content", 2), (newest.Request, newest.What, newest.Count));
    }

    private static void Differing(string protocol, byte[] recorded, byte[] asked)
    {
        var samples = new MatchSamples();
        var matcher = ProtocolRegistry.FindMessages(protocol)!.OpenMatcher(ServiceRules.None);
        samples.Add(MatchKind.Nearest, matcher, asked, recorded, Redaction.Default);

        var sample = Assert.Single(samples.Read());
        Assert.NotEmpty(sample.Places!);
        string?[] shown =
        [
            sample.Asked, sample.MatchedWith,
            .. sample.Places!.SelectMany(place => new[] { place.Live, place.Sandbox, place.Pattern }),
        ];
        Assert.All(shown, text => Assert.DoesNotContain("unter2", text ?? "", StringComparison.Ordinal));
    }

    private static void Hidden(string protocol, byte[] request, string shown)
    {
        var excerpt = ProtocolRegistry.FindMessages(protocol)!.ExcerptOf(request, Redaction.Default);

        Assert.DoesNotContain(Secret, excerpt, StringComparison.Ordinal);
        Assert.Contains(shown, excerpt, StringComparison.Ordinal);
    }
}
