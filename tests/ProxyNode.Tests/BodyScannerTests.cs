using System.Text;
using CsCheck;
using JustRunIt.ProxyNode.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>The end of a body is found wherever its bytes are split (RFC 9112 §7.1).</summary>
public sealed class BodyScannerTests
{
    private const string Chunked =
        "4;name=\"v\"\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nExpires: never\r\nX-Sum: 12\r\n\r\n";

    [Fact]
    public void Chunks_with_extensions_and_trailers_end_where_they_end_in_every_split()
    {
        var bytes = Encoding.ASCII.GetBytes(Chunked + "GET /next");
        for (var first = 0; first <= bytes.Length; first++)
        {
            var scanner = new BodyScanner(Head(BodyKind.Chunked));
            var taken = scanner.Advance(bytes.AsSpan(0, first));
            taken += scanner.Advance(bytes.AsSpan(first));
            Assert.Equal(Chunked.Length, taken);
            Assert.True(scanner.IsDone);
        }
    }

    [Fact]
    public void A_byte_at_a_time_ends_at_the_same_place()
    {
        var scanner = new BodyScanner(Head(BodyKind.Chunked));
        foreach (var (c, i) in Encoding.ASCII.GetBytes(Chunked).Select((c, i) => (c, i)))
        {
            Assert.False(scanner.IsDone, $"after {i} bytes");
            Assert.Equal(1, scanner.Advance([c]));
        }

        Assert.True(scanner.IsDone);
    }

    [Fact]
    public void Any_chunks_in_any_pieces_end_with_the_last_chunk() =>
        Gen.Select(Gen.Int[1, 300].Array[0, 6], Gen.Int[1, 50].Array[1, 20]).Sample((sizes, pieces) =>
        {
            var body = string.Concat(sizes.Select(size => $"{size:X}\r\n{new string('\r', size)}\r\n")) + "0\r\n\r\n";
            var bytes = Encoding.ASCII.GetBytes(body + "rest");
            var scanner = new BodyScanner(Head(BodyKind.Chunked));
            var position = 0;
            for (var i = 0; position < bytes.Length && !scanner.IsDone; i++)
                position += scanner.Advance(bytes.AsSpan(position, Math.Min(pieces[i % pieces.Length], bytes.Length - position)));
            return scanner.IsDone && position == body.Length;
        });

    [Fact]
    public void A_length_is_counted_down()
    {
        var scanner = new BodyScanner(Head(BodyKind.Length, 5));
        Assert.Equal(3, scanner.Advance("abc"u8));
        Assert.False(scanner.IsDone);
        Assert.Equal(2, scanner.Advance("defg"u8));
        Assert.True(scanner.IsDone);
    }

    [Theory]
    [InlineData("g\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("0x5\r\n")]
    [InlineData("5 \r\n")]
    [InlineData(" 5\r\n")]
    [InlineData("5\n")]
    [InlineData("\r\n")]
    [InlineData("FFFFFFFFFFFFFFFF\r\n")]
    [InlineData("5;a\n")]
    [InlineData("1\r\nab")]
    [InlineData("1\r\na\n")]
    [InlineData("0\r\n folded: x\r\n\r\n")]
    [InlineData("0\r\nX: y\n\r\n")]
    [InlineData("0\r\n\n")]
    public void Malformed_chunks_are_refused(string body) => Assert.Throws<HttpSyntaxException>(() =>
    {
        var scanner = new BodyScanner(Head(BodyKind.Chunked));
        scanner.Advance(Encoding.ASCII.GetBytes(body));
    });

    [Theory]
    [InlineData("2 ;a=b\r\nok\r\n0\r\n\r\n", true)]
    [InlineData("2\t ;a=\"x y\"\r\nok\r\n0 ;z\r\n\r\n", true)]
    [InlineData("2  \r\nok\r\n0 \r\n\r\n", false)]
    public void White_space_may_follow_a_size_and_in_requests_only_before_an_extension(string body, bool mayBeOfRequest)
    {
        var bytes = Encoding.ASCII.GetBytes(body + "rest");
        var ofReply = new BodyScanner(Head(BodyKind.Chunked) with { Status = 200 });
        Assert.Equal((body.Length, true), (ofReply.Advance(bytes), ofReply.IsDone));
        var ofRequest = new BodyScanner(Head(BodyKind.Chunked));
        if (mayBeOfRequest)
            Assert.Equal(body.Length, ofRequest.Advance(bytes));
        else
            Assert.Throws<HttpSyntaxException>(() => ofRequest.Advance(bytes));
    }

    private static MessageHead Head(BodyKind body, long length = 0) => new() { Length = 0, Body = body, ContentLength = length };
}
