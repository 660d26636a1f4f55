using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Ajp;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Declared names in whatever part of a request they are sent back: the duplicate has the clone's, and is as well-formed as the original.
/// </summary>
public sealed class NamesInRequestsTests
{
    private const string Online = "0123456789abcdef";
    private const string Clone = "a-longer/name+of=it";
    private const string ClonePercent = "a-longer%2Fname%2Bof%3Dit";

    private static readonly ServiceRules Rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("token=(\\S+)")] };

    private readonly Identities identities = new();

    public NamesInRequestsTests() =>
        identities.Pair([new IssuedName(Online, IsDeclared: true)], [new IssuedName(Clone, IsDeclared: true)]);

    [Theory]
    [InlineData("", $"token={Online}", $"token={Clone}")]
    [InlineData("application/x-www-form-urlencoded", $"a=1&token={Online}&b=2", $"a=1&token={ClonePercent}&b=2")]
    [InlineData("application/x-www-form-urlencoded", $"next=%2Fitem%2F{Online}%3Fx", $"next=%2Fitem%2F{ClonePercent}%3Fx")]
    [InlineData("application/json", $"{{\"token\":\"{Online}\"}}", $"{{\"token\":\"{Clone}\"}}")]
    [InlineData("application/json", $"{{\"at\":\"\\u002F{Online}\\n{Online}\"}}", $"{{\"at\":\"\\u002F{Clone}\\n{Clone}\"}}")]
    public void A_body_of_known_length_and_one_in_chunks_wherever_they_are_parted(string type, string body, string expected)
    {
        var length = Rewritten($"POST /x HTTP/1.1\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Contains($"\r\nContent-Length: {expected.Length}\r\n", length, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + expected, length, StringComparison.Ordinal);
        for (var cut = 1; cut < body.Length; cut++)
        {
            var chunked = Rewritten($"POST /x HTTP/1.1\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n"
                + $"{cut:x}\r\n{body[..cut]}\r\n{body.Length - cut:x}\r\n{body[cut..]}\r\n0\r\nX-Sum: {Online}\r\n\r\n");
            Assert.Equal($"{expected.Length:x}\r\n{expected}\r\n0\r\nX-Sum: {Clone}\r\n\r\n", Body(chunked));
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    public void A_compressed_body_is_compressed_again_in_the_same_way(string coding)
    {
        var name = coding.Split(' ')[^1];
        var body = Compressed(coding, $"token={Online}&x");
        var rewritten = Rewritten($"POST /x HTTP/1.1\r\nContent-Encoding: {name}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Contains($"\r\nContent-Length: {Body(rewritten).Length}\r\n", rewritten, StringComparison.Ordinal);
        var plain = ContentCoding.Decode(name, Encoding.Latin1.GetBytes(Body(rewritten)), 1000)!;
        Assert.Equal($"token={Clone}&x", Encoding.Latin1.GetString(plain));
        Assert.Equal(coding == "deflate", Body(rewritten)[0] == 'x');
        var chunked = Rewritten($"POST /x HTTP/1.1\r\nContent-Encoding: {name}\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
        Assert.Equal($"{Body(rewritten).Length:x}\r\n{Body(rewritten)}\r\n0\r\n\r\n", Body(chunked));
    }

    [Theory]
    [InlineData("POST /x HTTP/1.1\r\nContent-Length: 5\r\nHost:h\r\n\r\nhello")]
    [InlineData("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2 ;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n")]
    [InlineData("POST /x HTTP/1.1\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("GET /x HTTP/1.1\r\nCookie: a=1;b=\"2\" ; c\r\n\r\n")]
    public void What_names_nothing_stays_byte_for_byte(string request) => Assert.Equal(request, Rewritten(request));

    [Theory]
    [InlineData("Content-Encoding: zstd", "Content-Encoding 'zstd'")]
    [InlineData("Content-Encoding: gzip, br", "Content-Encoding 'gzip, br'")]
    [InlineData("Content-Encoding: gzip", "Content-Encoding 'gzip'")]
    [InlineData("Content-Digest: sha-256=:x:", "'Content-Digest'")]
    [InlineData("Content-MD5: x", "'Content-MD5'")]
    public void What_cannot_be_put_into_the_clone_s_names_is_refused_with_the_reason(string header, string reason)
    {
        var request = $"POST /x HTTP/1.1\r\n{header}\r\nContent-Length: {Online.Length}\r\n\r\n{Online}";
        var refused = Assert.Throws<ProtocolException>(() => Rewritten(request));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        // While no name is known there is nothing to put.
        var unknowing = new HttpShadow(Rules, new Identities());
        Assert.Equal(request, Encoding.Latin1.GetString(unknowing.Rewrite(Encoding.Latin1.GetBytes(request)).Span));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public void Content_that_becomes_far_longer_in_plain_is_refused(string coding)
    {
        var body = Compressed(coding, new string('x', 4 * 1024 * 1024));
        var refused = Assert.Throws<ProtocolException>(() =>
            Rewritten($"POST /x HTTP/1.1\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        Assert.Contains($"up to {1024 * 1024} bytes", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_http_the_target_headers_and_cookies_with_their_quotes()
    {
        identities.Pair("sessiona", "sessionb");
        var rewritten = Rewritten($"GET /i/{Online}?next=%2f{Online} HTTP/1.1\r\nCookie: t=\"{Online}\"; s=\"sessiona\";x=1\r\n"
            + $"X-Token: {Online}\r\nAuthorization: Bearer {Online}\r\nReferer: http://h/{Online}\r\n\r\n");
        Assert.Equal(
            $"GET /i/{ClonePercent}?next=%2f{ClonePercent} HTTP/1.1\r\nCookie: t=\"{Clone}\"; s=\"sessionb\";x=1\r\n"
                + $"X-Token: {Clone}\r\nAuthorization: Bearer {Clone}\r\nReferer: http://h/{ClonePercent}\r\n\r\n",
            rewritten);
    }

    [Fact]
    public void Of_ajp_the_body_wherever_its_packets_are_parted_and_its_length()
    {
        var body = $"a=1&token={Online}&b=2";
        var expected = $"a=1&token={Clone}&b=2";
        for (var cut = 1; cut < body.Length; cut++)
        {
            Assert.Equal(
                AjpRequests.Post([("content-length", $"{expected.Length}")], [expected]),
                AjpRewritten(AjpRequests.Post([("content-length", $"{body.Length}")], [body[..cut], body[cut..]])));
            Assert.Equal(
                AjpRequests.Post([("transfer-encoding", "chunked")], [expected], isEnded: true),
                AjpRewritten(AjpRequests.Post([("transfer-encoding", "chunked")], [body[..cut], body[cut..]], isEnded: true)));
        }
    }

    [Fact]
    public void Of_ajp_a_body_of_which_the_container_did_not_read_all_keeps_what_is_missing_of_it() => Assert.Equal(
        AjpRequests.Post([("content-length", $"{1000 + Clone.Length - Online.Length}")], [Clone + " and"]),
        AjpRewritten(AjpRequests.Post([("content-length", "1000")], [Online + " and"])));

    [Fact]
    public void Of_ajp_a_compressed_body_and_a_long_one()
    {
        var coded = Compressed("gzip", $"token={Online}");
        var rewritten = AjpRewritten(AjpRequests.Post([("content-encoding", "gzip"), ("content-length", $"{coded.Length}")], [coded]));
        var again = Compressed("gzip", $"token={Clone}");
        Assert.Equal(AjpRequests.Post([("content-encoding", "gzip"), ("content-length", $"{again.Length}")], [again]), rewritten);

        // Packets are as long as a container takes them.
        var text = new string('x', 8186 - Online.Length - 1) + "=" + Online;
        var longer = new string('x', 8186 - Online.Length - 1) + "=" + Clone;
        Assert.Equal(
            AjpRequests.Post([("content-length", $"{longer.Length}")], [longer[..8186], longer[8186..]]),
            AjpRewritten(AjpRequests.Post([("content-length", $"{text.Length}")], [text])));
    }

    [Fact]
    public void Of_ajp_the_target_headers_and_attributes()
    {
        static string Of(string plain, string percent) => AjpRequests.Get(
            path: $"/i/{percent}",
            headers: [("x-token", plain), ("cookie", $"t={plain}"), ("referer", $"http://h/{percent}")],
            attributes: $"\x05{AjpRequests.Text($"next=%2F{percent}")}\x03{AjpRequests.Text(plain)}{AjpRequests.Attribute("TOKEN", plain)}"
                + $"\x0C{AjpRequests.Text("secret")}");
        Assert.Equal(Of(Clone, ClonePercent), AjpRewritten(Of(Online, Online)));
    }

    [Fact]
    public void Of_ajp_a_container_that_asks_for_more_gets_as_many_packets_as_there_are_and_then_the_end()
    {
        var shadow = new AjpShadow(Rules, identities);
        var text = new string('x', 8186 - Online.Length - 1) + "=" + Online;
        shadow.Rewrite(Encoding.Latin1.GetBytes(AjpRequests.Post([("content-length", $"{text.Length}")], [text])));
        byte[] more = [0x41, 0x42, 0, 3, 6, 0x1F, 0xFA];
        // The second packet, which the original did not have, is on its way.
        Assert.True(shadow.Answer(more).IsEmpty);
        Assert.Equal(AjpPacket.BodyEnd.ToArray(), shadow.Answer(more).ToArray());
    }

    private string Rewritten(string request) => Rewritten(new HttpShadow(Rules, identities), request);

    private string AjpRewritten(string request) => Rewritten(new AjpShadow(Rules, identities), request);

    /// <summary>A duplicate that whoever reads it takes for one whole request.</summary>
    private static string Rewritten(ShadowSession shadow, string request)
    {
        var rewritten = shadow.Rewrite(Encoding.Latin1.GetBytes(request)).ToArray();
        var dialogue = shadow.Open();
        for (var at = 0; at < rewritten.Length;)
        {
            var taken = dialogue.FromClient(rewritten.AsSpan(at), out _);
            Assert.NotEqual(0, taken);
            at += taken;
        }

        return Encoding.Latin1.GetString(rewritten);
    }

    private static string Body(string request) => Regex.Match(request, "\r\n\r\n(.*)$", RegexOptions.Singleline).Groups[1].Value;

    private static string Compressed(string coding, string text)
    {
        using var bytes = new MemoryStream();
        using (Stream to = coding switch
        {
            "gzip" => new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(bytes, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(bytes, CompressionLevel.Fastest, leaveOpen: true),
            _ => new DeflateStream(bytes, CompressionLevel.Fastest, leaveOpen: true),
        })
            to.Write(Encoding.Latin1.GetBytes(text));
        return Encoding.Latin1.GetString(bytes.ToArray());
    }
}
