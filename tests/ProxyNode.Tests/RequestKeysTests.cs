using System.IO.Compression;
using System.Text;
using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.Configuration;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Which of two requests of HTTP, or of AJP13, are the same: all that decides what they mean counts, and nothing of how they travel.
/// </summary>
public sealed class RequestKeysTests
{
    [Theory]
    [InlineData("X-Tenant: blue", "X-Tenant: green")]
    [InlineData("X-Tenant: blue", "")]
    [InlineData("Accept: text/html", "Accept: application/json")]
    [InlineData("Accept-Language: de", "Accept-Language: fr")]
    [InlineData("Accept-Encoding: gzip", "Accept-Encoding: br")]
    [InlineData("Accept-Charset: utf-8", "Accept-Charset: latin1")]
    [InlineData("Authorization: Bearer a", "Authorization: Bearer b")]
    [InlineData("Cookie: s=1", "Cookie: s=2")]
    [InlineData("Range: bytes=0-1", "Range: bytes=2-3")]
    [InlineData("If-None-Match: \"a\"", "If-None-Match: \"b\"")]
    [InlineData("If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT", "")]
    [InlineData("Host: one.example", "Host: two.example")]
    [InlineData("X-Forwarded-Host: one.example:80", "X-Forwarded-Host: two.example:80")]
    [InlineData("X-Forwarded-Proto: http", "X-Forwarded-Proto: https")]
    [InlineData("X-HTTP-Method-Override: PUT", "X-HTTP-Method-Override: DELETE")]
    [InlineData("User-Agent: phone", "User-Agent: desk")]
    [InlineData("Origin: http://a", "Origin: http://b")]
    [InlineData("Prefer: return=minimal", "Prefer: return=representation")]
    [InlineData("X-A: 1\r\nX-A: 2", "X-A: 2\r\nX-A: 1")]
    [InlineData("X-A: 1\r\nX-B: 2", "X-A: 2\r\nX-B: 1")]
    public void A_header_that_may_decide_the_reply_makes_another_request_that_is_still_of_the_same_kind(string one, string other)
    {
        var (first, second) = (Keys(Get(one)), Keys(Get(other)));
        Assert.NotEqual(first.Exact, second.Exact);
        Assert.Equal(first.Equivalent, second.Equivalent);
    }

    [Theory]
    [InlineData("Host: 127.0.0.1:8080", "Host: 10.213.0.1")]
    [InlineData("Host: localhost:80", "Host: [::1]:81")]
    [InlineData("Host: shop.example:8080", "Host: shop.example")]
    [InlineData("Connection: close", "Connection: keep-alive")]
    [InlineData("Keep-Alive: timeout=5", "")]
    [InlineData("Expect: 100-continue", "")]
    [InlineData("Via: 1.1 a", "Via: 1.1 b")]
    [InlineData("X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 10.0.0.2")]
    [InlineData("Date: Sat, 29 Oct 1994 19:43:31 GMT", "")]
    [InlineData("traceparent: 00-a-b-01", "traceparent: 00-c-d-01")]
    [InlineData("X-Request-ID: 1", "x-request-id: 2")]
    [InlineData("X-A: 1\r\nX-B: 2", "x-b: 2\r\nx-a:  1 ")]
    public void How_a_request_travels_and_what_only_traces_it_makes_no_other_request(string one, string other) =>
        Assert.Equal(Keys(Get(one)), Keys(Get(other)));

    [Fact]
    public void A_wildcard_of_a_header_makes_its_values_alike_and_not_the_same()
    {
        var rules = new WildcardRules { Headers = new HashSet<string> { "x-nonce" } };
        var (first, second) = (Keys(Get("X-Nonce: 1"), rules), Keys(Get("X-Nonce: 2"), rules));
        Assert.NotEqual(first.Exact, second.Exact);
        Assert.Equal(first.Wildcard, second.Wildcard);
    }

    [Fact]
    public void Which_headers_are_drawn_anew_each_time_can_be_told()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "wildcards:\n  ignoredHeaders: [X-Nonce]\n");
            var rules = RulesFile.Read(file).Wildcards;
            Assert.Equal(Keys(Get("X-Nonce: 1"), rules), Keys(Get("X-Nonce: 2"), rules));
            // In place of those that are ignored otherwise; those of the way stay.
            Assert.NotEqual(Keys(Get("X-Request-Id: 1"), rules).Exact, Keys(Get("X-Request-Id: 2"), rules).Exact);
            Assert.Equal(Keys(Get("Via: 1.1 a"), rules), Keys(Get("Via: 1.1 b"), rules));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void However_many_headers_there_are_all_of_them_count()
    {
        var many = string.Join("\r\n", Enumerable.Range(0, 100).Select(i => $"X-{i}: {i}"));
        var shuffled = string.Join("\r\n", Enumerable.Range(0, 100).Reverse().Select(i => $"X-{i}: {i}"));
        Assert.Equal(Keys(Get(many)), Keys(Get(shuffled)));
        Assert.NotEqual(Keys(Get(many)).Exact, Keys(Get(many.Replace("X-77: 77", "X-77: 78", StringComparison.Ordinal))).Exact);
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=----a1", "----a1", "multipart/form-data; boundary=----b22", "----b22")]
    [InlineData("multipart/mixed; charset=x; boundary=\"a 1\"", "a 1", "multipart/mixed; charset=x; boundary=\"b\"", "b")]
    [InlineData("Multipart/Form-Data; Boundary=-", "-", "Multipart/Form-Data; Boundary=--", "--")]
    public void The_boundary_of_a_multipart_content_is_no_part_of_what_is_said(string type, string drawn, string otherType, string other)
    {
        Assert.Equal(Keys(Multipart(type, drawn, "one")), Keys(Multipart(otherType, other, "one")));
        Assert.NotEqual(Keys(Multipart(type, drawn, "one")).Exact, Keys(Multipart(otherType, other, "two")).Exact);
    }

    [Fact]
    public void What_is_compressed_is_the_same_however_and_whenever_that_was_done()
    {
        var one = Keys(Gzip("{\"a\":1,\"at\":5}", CompressionLevel.Fastest, time: 1));
        Assert.Equal(one, Keys(Gzip("{\"a\":1,\"at\":5}", CompressionLevel.NoCompression, time: 2)));
        Assert.NotEqual(one.Exact, Keys(Gzip("{\"a\":2,\"at\":5}", CompressionLevel.Fastest, time: 1)).Exact);
        var rules = new WildcardRules { JsonFields = new HashSet<string> { "at" } };
        Assert.Equal(
            Keys(Gzip("{\"a\":1,\"at\":5}", CompressionLevel.Fastest, time: 1), rules).Wildcard,
            Keys(Gzip("{\"a\":1,\"at\":66}", CompressionLevel.Fastest, time: 2), rules).Wildcard);
        // What is not what it says is taken as it is.
        const string broken = "POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n";
        Assert.NotEqual(Keys(broken + "abc").Exact, Keys(broken + "abd").Exact);
    }

    [Fact]
    public void A_trailer_counts_like_a_header_and_the_sizes_of_chunks_do_not()
    {
        var one = Keys(Chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n"));
        Assert.Equal(one, Keys(Chunked("5;a=b\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n")));
        Assert.NotEqual(one.Exact, Keys(Chunked("5\r\nhello\r\n0\r\nX-Sum: 2\r\n\r\n")).Exact);
        Assert.NotEqual(one.Exact, Keys(Chunked("5\r\nhello\r\n0\r\n\r\n")).Exact);
        // What is no trailer is relayed, and says nothing.
        Assert.Equal(one, Keys(Chunked("5\r\nhello\r\n0\r\nnothing\r\nX-Sum: 1\r\n\r\n")));
    }

    [Fact]
    public void A_reply_in_chunks_is_none_for_who_speaks_http_1_0() => Assert.NotEqual(
        Keys(Get("X-A: 1")).Exact, Keys(Get("X-A: 1").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal)).Exact);

    [Theory]
    [InlineData("\x03", "alice", "bob")]
    [InlineData("\x04", "BASIC", "DIGEST")]
    [InlineData("\x07", "a certificate", "another")]
    public void Of_ajp_who_asks_makes_another_request(string code, string one, string other) => Assert.NotEqual(
        AjpKeys(AjpRequests.Get(attributes: code + AjpRequests.Text(one))).Exact,
        AjpKeys(AjpRequests.Get(attributes: code + AjpRequests.Text(other))).Exact);

    [Fact]
    public void Of_ajp_the_host_s_name_tls_and_attributes_count_and_ports_and_addresses_do_not()
    {
        var first = AjpKeys(AjpRequests.Get());
        Assert.NotEqual(first.Exact, AjpKeys(AjpRequests.Get(host: "two.example")).Exact);
        Assert.NotEqual(first.Exact, AjpKeys(AjpRequests.Get(isSsl: true)).Exact);
        Assert.NotEqual(first.Exact, AjpKeys(AjpRequests.Get(attributes: AjpRequests.Attribute("TENANT", "blue"))).Exact);
        Assert.NotEqual(first.Exact, AjpKeys(AjpRequests.Get(headers: [("X-Tenant", "blue")])).Exact);
        Assert.Equal(first, AjpKeys(AjpRequests.Get(attributes: AjpRequests.Attribute("AJP_REMOTE_PORT", "4711"))));
        Assert.Equal(first, AjpKeys(AjpRequests.Get(client: "10.0.0.9")));
    }

    [Theory]
    [InlineData(1_000_000, true)]
    [InlineData(2 * 1024 * 1024, false)]
    public void Compressed_content_that_becomes_far_longer_in_plain_counts_as_it_is(int length, bool isPlain)
    {
        var text = new string('x', length);
        var (one, other) = (Keys(Gzip(text, CompressionLevel.Fastest, 1)), Keys(Gzip(text, CompressionLevel.Fastest, 2)));
        Assert.Equal(isPlain, one.Exact == other.Exact);
    }

    private static RequestKeys Keys(string request, WildcardRules? rules = null) =>
        HttpKeys.Of(Encoding.Latin1.GetBytes(request), rules ?? WildcardRules.None);

    private static RequestKeys AjpKeys(string request) =>
        new AjpMatcher(WildcardRules.None).KeysOf(Encoding.Latin1.GetBytes(request))!.Value;

    private static string Get(string headers) => $"GET /a HTTP/1.1\r\n{headers}{(headers.Length > 0 ? "\r\n" : "")}\r\n";

    private static string Chunked(string body) => $"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}";

    private static string Gzip(string text, CompressionLevel level, byte time)
    {
        using var bytes = new MemoryStream();
        using (var to = new GZipStream(bytes, level, leaveOpen: true))
            to.Write(Encoding.Latin1.GetBytes(text));
        var body = bytes.ToArray();
        // RFC 1952 §2.3: the time follows four bytes of other things.
        body[4] = time;
        return $"POST /a HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n"
            + Encoding.Latin1.GetString(body);
    }

    private static string Multipart(string type, string boundary, string value)
    {
        var body = $"--{boundary}\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{value}\r\n--{boundary}--\r\n";
        return $"POST /a HTTP/1.1\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}";
    }
}
