using System.Text;
using JustRunIt.ProxyNode.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Heads as real peers send them, in every split, and the shapes of request smuggling (RFC 9112 §11.2).</summary>
public sealed class HeadParserTests
{
    // As sent by curl 7.88, by .NET's SocketsHttpHandler and by ApacheBench.
    public static TheoryData<string> RealRequests => new()
    {
        "GET /index.html?a=b%20c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
        "POST /sessions HTTP/1.1\r\nHost: 127.0.0.1:5001\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json; "
            + "charset=utf-8\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: localhost\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n",
        "PUT /big HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n",
    };

    public static TheoryData<string> Smuggling => new()
    {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4, 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\u000bchunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\nContent-Length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\rContent-Length: 4\r\n\r\n",
        "GET / HTTP/1.1\r\n: empty\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        "GET /\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "\u0016\u0003\u0001 TLS hello",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4;x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent\tLength: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding\u00a0: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\n Transfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n\tHost: h\r\n\r\n",
        "GET / HTTP/1.1\nHost: h\n\r\n\r\n",
        "GET / HTTP/1.1\rHost: h\r\n\r\n",
        "GET /\tx HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
        "GET / HTTP/1.01\r\nHost: h\r\n\r\n",
        "GET / http/1.1\r\nHost: h\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    };

    [Theory]
    [MemberData(nameof(RealRequests))]
    public void No_prefix_of_a_request_is_taken_for_a_whole_one(string request)
    {
        for (var length = 0; length < request.Length; length++)
            Assert.False(HeadParser.TryReadRequest(Bytes(request[..length]), out _), $"after {length} bytes");
        Assert.True(HeadParser.TryReadRequest(Bytes(request + "body"), out var head));
        Assert.Equal(request.Length, head.Length);
    }

    [Theory]
    [MemberData(nameof(Smuggling))]
    public void What_could_be_read_in_two_ways_is_refused(string request)
    {
        Assert.Throws<HttpSyntaxException>(() => HeadParser.TryReadRequest(Bytes(request), out _));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\nHost: h\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: h\nX")]
    [InlineData("GET / HTTP/1.1\rHost")]
    [InlineData("GET / HTTP/1.1\n")]
    public void A_line_that_ends_otherwise_is_refused_before_the_end_that_it_never_has(string request) =>
        Assert.Throws<HttpSyntaxException>(() => HeadParser.TryReadRequest(Bytes(request), out _));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 02 ,2\r\n\r\n")]
    public void A_server_may_repeat_the_same_length(string reply)
    {
        Assert.True(HeadParser.TryReadReply(Bytes(reply), out var head));
        Assert.Equal((BodyKind.Length, 2), (head.Body, head.ContentLength));
    }

    [Fact]
    public void A_head_without_end_is_refused_at_its_limit() => Assert.Throws<HttpSyntaxException>(() =>
        HeadParser.TryReadRequest(Bytes("GET / HTTP/1.1\r\nX: " + new string('a', HeadParser.MaximumLength)), out _));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\nConnection: TE, Close\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", false)]
    [InlineData("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true)]
    public void Connections_persist_as_the_version_and_the_options_say(string request, bool keepAlive)
    {
        Assert.True(HeadParser.TryReadRequest(Bytes(request), out var head));
        Assert.Equal(keepAlive, head.KeepAlive);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, nameof(BodyKind.Length))]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, nameof(BodyKind.None))]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, nameof(BodyKind.Chunked))]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", false, nameof(BodyKind.UntilClose))]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", false, nameof(BodyKind.None))]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, nameof(BodyKind.None))]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", false, nameof(BodyKind.None))]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, nameof(BodyKind.None))]
    public void A_reply_ends_as_its_status_and_request_say(string reply, bool requestWasHead, string body)
    {
        Assert.True(HeadParser.TryReadReply(Bytes(reply), out var head));
        Assert.Equal(body, head.ForReplyTo(requestWasHead).Body.ToString());
    }

    [Theory]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/3.0 200 OK\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")]
    public void A_reply_that_is_none_is_refused(string reply) =>
        Assert.Throws<HttpSyntaxException>(() => HeadParser.TryReadReply(Bytes(reply), out _));

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
