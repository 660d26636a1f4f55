using System.Text;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Offers of other protocols, interim replies, and replies without a body (RFC 9110 §7.8, §9.3.2, §10.1.1, §15.2).</summary>
public sealed class HttpDialogueTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly HttpDialogue dialogue = new();

    [Theory]
    [InlineData("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk")]
    [InlineData("Upgrade: H2C\r\nConnection:HTTP2-Settings , upgrade")]
    [InlineData("Connection: keep-alive\r\nConnection: upgrade\r\nUpgrade: h2c")]
    public void An_offer_of_http_2_is_not_passed_on_and_the_request_is_one_like_any_other(string headers)
    {
        var request = $"GET / HTTP/1.1\r\nHost: upgrade\r\n{headers}\r\n\r\n";
        var (step, passedOn) = Ask(request);
        Assert.True(step is { Begins: true, Ends: true, IsPrivate: false, IsStream: false, After: AfterRequest.GoOn });
        Assert.Equal(request.Length, passedOn.Length);
        var connection = passedOn.Split("\r\n").Where(line => line.StartsWith("Connection:", StringComparison.Ordinal));
        Assert.DoesNotContain(connection, line => line.Contains("upgrade", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("\r\nHost: upgrade\r\n", passedOn, StringComparison.Ordinal);
        Assert.True(Answer(Ok) is { Ends: true, Tunnels: false });
    }

    [Theory]
    [InlineData("Connection: upgrade\r\nUpgrade: websocket", true)]
    [InlineData("Connection: upgrade\r\nUpgrade: h2c, websocket", true)]
    // As sent by proxies that are told to name it always.
    [InlineData("Connection: upgrade", false)]
    [InlineData("Connection: upgrade\r\nUpgrade:", false)]
    [InlineData("Upgrade: websocket", false)]
    public void Only_what_offers_another_protocol_may_become_a_stream(string headers, bool isOffer)
    {
        var request = $"GET / HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n";
        var (step, passedOn) = Ask(request);
        Assert.Equal((isOffer, isOffer), (step.IsStream, step.After == AfterRequest.AwaitReplies));
        Assert.Equal(request, passedOn);
        const string switches = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        if (isOffer)
            Assert.True(Answer(switches).Tunnels);
        else
            Assert.Throws<HttpSyntaxException>(() => Answer(switches));
    }

    [Fact]
    public void A_client_that_awaits_a_word_before_it_sends_the_body_hears_it_once()
    {
        const string head = "POST / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
        var matcher = new HttpMatcher(WildcardRules.None);
        Ask(head);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", Encoding.ASCII.GetString(matcher.Prompt(dialogue).Span));
        Ask("ab");
        Assert.True(matcher.Prompt(dialogue).IsEmpty);
        Ask("cd");
        Assert.True(matcher.Prompt(dialogue).IsEmpty);
        // Who has begun to send does not wait.
        Ask(head + "ab");
        Assert.True(matcher.Prompt(dialogue).IsEmpty);
    }

    [Fact]
    public void Whoever_asks_for_a_head_gets_no_body_whatever_the_proxy_has_to_say()
    {
        const string request = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
        Ask(request);
        Assert.EndsWith("\r\n\r\n", Encoding.ASCII.GetString(dialogue.Unreachable.Span), StringComparison.Ordinal);
        var missing = new HttpMatcher(WildcardRules.None).Missing(Encoding.ASCII.GetBytes(request));
        Assert.True(Answer(Encoding.ASCII.GetString(missing.Span)) is { Ends: true, Status: 502 });
        Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.EndsWith("listen.\n", Encoding.ASCII.GetString(dialogue.Unreachable.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip, chunked")]
    [InlineData("gzip,Chunked")]
    public void The_last_transfer_coding_of_a_reply_delimits_it(string coding)
    {
        Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.True(Answer($"HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n") is { Ends: true, Status: 200 });
    }

    [Theory]
    [InlineData("chunked, gzip")]
    [InlineData("chunked, chunked")]
    [InlineData("gzip")]
    public void A_reply_whose_last_transfer_coding_is_another_is_refused(string coding)
    {
        Ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Throws<HttpSyntaxException>(() => Answer($"HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n"));
    }

    [Theory]
    [InlineData("HEAD", "200 OK\r\nContent-Length: 7")]
    [InlineData("HEAD", "200 OK\r\nTransfer-Encoding: chunked")]
    [InlineData("HEAD", "200 OK")]
    [InlineData("GET", "204 No Content\r\nContent-Length: 7")]
    [InlineData("GET", "304 Not Modified\r\nContent-Length: 7")]
    [InlineData("GET", "304 Not Modified\r\nTransfer-Encoding: chunked")]
    public void A_reply_without_a_body_ends_with_its_head_whatever_length_it_names(string method, string reply)
    {
        Ask($"{method} / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.True(Answer($"HTTP/1.1 {reply}\r\n\r\n") is { Ends: true, Closes: false });
    }

    [Fact]
    public void A_reply_of_http_1_0_without_a_length_ends_with_the_connection()
    {
        Ask("GET / HTTP/1.0\r\n\r\n");
        Assert.False(Answer("HTTP/1.0 200 OK\r\n\r\nsome").Ends);
        Assert.True(dialogue.ServerEnded(out var step));
        Assert.True(step is { Ends: true, Closes: true, Status: 200 });
    }

    private (ClientStep Step, string PassedOn) Ask(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(bytes.Length, dialogue.FromClient(bytes, out var step));
        return (step, Encoding.Latin1.GetString(bytes));
    }

    private ServerStep Answer(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        Assert.Equal(bytes.Length, dialogue.FromServer(bytes, out var step));
        return step;
    }
}
