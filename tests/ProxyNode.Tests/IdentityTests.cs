using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using CsCheck;
using JustRunIt.ProxyNode.Http;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Names that each side gives out for itself: learnt from paired replies, replaced in duplicates, not compared.</summary>
public sealed class IdentityTests
{
    private readonly Identities identities = new();

    [Theory]
    [InlineData("token=AAA111", "token=BBB222")]
    [InlineData("AAA111", "BBB222")]
    [InlineData("a=AAA111&b=AAA111;AAA111", "a=BBB222&b=BBB222;BBB222")]
    [InlineData("xAAA111 AAA1112", "xAAA111 AAA1112")]
    [InlineData("t=a%2Bb%3D", "t=c%2Fd")]
    [InlineData("t=a+b=&u", "t=c/d&u")]
    [InlineData("", "")]
    public void Declared_names_are_replaced_where_they_are_whole_words(string text, string expected)
    {
        Declare("AAA111", "BBB222");
        Declare("a+b=", "c/d");
        Assert.Equal(expected, identities.Replace(text));
    }

    [Theory]
    // As encoders of .NET, of JavaScript, of browsers' forms and Java, of Python, and of nobody write it.
    [InlineData("t=a%2Bb%2Fc%3D~%20%27", "t=x%2Fy%2Bz~%20%27")]
    [InlineData("t=a%2bb%2fc%3d~%20%27", "t=x%2fy%2bz~%20%27")]
    [InlineData("t=a%2Bb%2Fc%3D~%20'", "t=x%2Fy%2Bz~%20'")]
    [InlineData("t=a%2Bb%2Fc%3D%7E+%27", "t=x%2Fy%2Bz%7E+%27")]
    [InlineData("t=a%2Bb/c%3D~%20%27", "t=x/y%2Bz~%20%27")]
    [InlineData("t=a+b/c=~%20'", "t=x/y+z~%20'")]
    [InlineData("t=a%252Bb%252Fc%253D~%2520%2527", "t=x%252Fy%252Bz~%2520%2527")]
    [InlineData("{\"t\":\"a+b/c=~ '\"}", "{\"t\":\"x/y+z~ '\"}")]
    [InlineData("{\"t\":\"a+b\\/c=~ '\"}", "{\"t\":\"x\\/y+z~ '\"}")]
    [InlineData("{\"t\":\"a\\u002Bb/c=~ \\u0027\"}", "{\"t\":\"x/y\\u002Bz~ \\u0027\"}")]
    [InlineData("{\"t\":\"a+b/c\\u003d~ \\u0027\"}", "{\"t\":\"x/y+z~ \\u0027\"}")]
    public void Declared_names_are_replaced_however_they_are_spelt(string text, string expected)
    {
        // In a page, whose attribute has it in another spelling than what is sent back.
        Declare("a&#x2B;b/c=~ &#39;", "x/y&#x2B;z~ &#39;");
        Assert.Equal(expected, identities.Replace(text));
    }

    [Theory]
    [InlineData("next=%2Fi%2FAAA111", "next=%2Fi%2FB%2FB")]
    [InlineData("next=%252Fi%252FAAA111%2526", "next=%252Fi%252FB%2FB%2526")]
    [InlineData("t=AAA111", "t=B%2FB")]
    [InlineData("t=FAAA111", "t=FAAA111")]
    public void What_an_escape_ends_before_a_name_is_no_part_of_it_and_the_clone_s_is_encoded_like_its_text(string text, string expected)
    {
        Declare("AAA111", "B/B");
        Assert.Equal(expected, identities.Replace(text, Spelling.Percent));
    }

    [Fact]
    public void The_clone_s_name_is_written_as_a_string_of_json_where_the_text_is_json()
    {
        Declare("AAA111", "B\"B");
        Assert.Equal(
            "{\"t\":\"\\nAAA1112\",\"u\":\"\\nB\\\"B\"}",
            identities.Replace("{\"t\":\"\\nAAA1112\",\"u\":\"\\nAAA111\"}", Spelling.Json));
    }

    [Fact]
    public void Names_of_a_kind_are_learnt_although_both_sides_give_out_different_numbers_of_others()
    {
        var rules = ServiceRules.None with
        {
            Identities = [WildcardRules.Pattern("item=([a-z]+)"), WildcardRules.Pattern("token=([A-Z]+)")],
        };
        const string page = "HTTP/1.1 200 OK\r\nSet-Cookie: s=s1\r\nContent-Length: 50\r\n\r\n<p>token=A item=a</p>";
        var (online, clone) = (Read(page, 100, rules), Read(page.Replace("s1", "s2").Replace("A item=a", "B item=b item=c"), 100, rules));
        identities.Pair(online.Issued, clone.Issued);
        Assert.Equal(("s2", "B", null), (identities.OfClone("s1"), identities.OfClone("A"), identities.OfClone("a")));
    }

    [Fact]
    public void Names_of_sessions_are_replaced_only_where_sessions_are_named()
    {
        identities.Pair("17", "18");
        Assert.Equal("/item/17", identities.Replace("/item/17"));
        Assert.Equal("a=17x; s=18", SessionNames.ReplaceCookies("a=17x; s=17", identities));
        Assert.Equal(
            "GET /page;jsessionid=18?x=17 HTTP/1.1", SessionNames.ReplacePath("GET /page;jsessionid=17?x=17 HTTP/1.1", identities));
    }

    [Fact]
    public void The_work_of_replacing_is_that_of_the_text_whatever_is_known()
    {
        const int few = 1000;
        const int many = 100 * few;
        for (var i = 0; i < few; i++)
            Declare($"online{i:D8}", $"clone{i:D8}");
        var text = string.Join('&', Enumerable.Range(0, few).Select(i => $"field{i}=online{i:D8}"));
        var amongFew = Work();
        for (var i = few; i < many; i++)
            Declare($"online{i:D8}", $"clone{i:D8}");
        var amongMany = Work();
        // A look at every pair for every text would take a hundred times as long; times are of the same moment of the same machine.
        Assert.True(amongMany < 25 * amongFew, $"{amongMany} among many, {amongFew} among few");

        TimeSpan Work() => Enumerable.Range(0, 5).Min(_ =>
        {
            var begin = Stopwatch.GetTimestamp();
            for (var i = 0; i < 4; i++)
                Assert.Contains("field999=clone00000999", identities.Replace(text));
            return Stopwatch.GetElapsedTime(begin);
        });
    }

    [Fact]
    public void The_oldest_names_are_let_go()
    {
        for (var i = 0; i < 100_010; i++)
            Declare($"online{i:D8}", $"clone{i:D8}");
        Assert.Equal(100_000, identities.Count);
        Assert.Null(identities.OfClone("online00000000"));
        Assert.Equal("online00000000", identities.Replace("online00000000"));
        Assert.Equal("clone00100009", identities.Replace("online00100009"));
    }

    [Fact]
    public void Replacing_is_what_replacing_word_by_word_is() =>
        Gen.Select(Gen.Char["ab1"].Array[1, 4].Array[0, 6], Gen.Char["ab1 =&"].Array[0, 40]).Sample((names, text) =>
        {
            var known = new Identities();
            var map = names.Select(name => new string(name)).Distinct().ToDictionary(name => name, name => $"<{name}>");
            foreach (var (online, clone) in map)
                known.Pair([new IssuedName(online, IsDeclared: true)], [new IssuedName(clone, IsDeclared: true)]);
            var expected = System.Text.RegularExpressions.Regex.Replace(
                new string(text), "[ab1]+", word => map.GetValueOrDefault(word.Value, word.Value));
            return known.Replace(new string(text)) == expected;
        });

    [Fact]
    public void Session_ids_in_the_links_of_a_page_are_learnt_and_not_compared_in_any_pieces()
    {
        const string page = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<a href=\"/a;jsessionid=0123AB?x=1\">;jsession</a><a "
            + "href='/b;jsessionid=0123AB'>;;jsessionid=";
        var whole = Read(page, int.MaxValue);
        Assert.Equal("0123AB", Assert.Single(whole.Issued!).Name);
        var other = Read(page.Replace("0123AB", "99"), int.MaxValue);
        Assert.Equal((whole.Length, whole.Hash), (other.Length, other.Hash));
        Assert.NotEqual(whole.Hash, Read(page.Replace("x=1", "x=2"), int.MaxValue).Hash);
        for (var piece = 1; piece < 40; piece++)
        {
            var pieces = Read(page, piece);
            Assert.Equal((whole.Length, whole.Hash), (pieces.Length, pieces.Hash));
            Assert.Equal(whole.Issued!, pieces.Issued!);
        }
    }

    [Fact]
    public void Declared_names_in_a_page_are_not_compared()
    {
        var rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("name=\"csrf\" value=\"([^\"]+)\"")] };
        const string page = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n<input name=\"csrf\" value=\"abc\"><p>abc</p>";
        var (online, clone) = (Read(page, int.MaxValue, rules), Read(page.Replace("value=\"abc\"", "value=\"defg\""), int.MaxValue, rules));
        Assert.Equal((online.Length, online.Hash), (clone.Length, clone.Hash));
        Assert.Equal(new IssuedName("abc", IsDeclared: true), Assert.Single(online.Issued!));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public void A_compressed_page_is_read_in_plain_where_replies_have_rules(string coding)
    {
        var rules = ServiceRules.None with
        {
            Identities = [WildcardRules.Pattern("token=\"([^\"]+)\"")],
            ReplyWildcards = [WildcardRules.Pattern("[0-9]+ ms")],
        };
        var online = Read(Compressed(coding, "<p token=\"abc\"><a href=/x;jsessionid=A1> 17 ms"), int.MaxValue, rules);
        var clone = Read(Compressed(coding, "<p token=\"defghi\"><a href=/x;jsessionid=B222> 3 ms"), 7, rules);
        Assert.Equal((online.Length, online.Hash), (clone.Length, clone.Hash));
        Assert.Equal([new IssuedName("A1", IsDeclared: false), new IssuedName("abc", IsDeclared: true)], online.Issued!);
        Assert.Equal([new IssuedName("B222", IsDeclared: false), new IssuedName("defghi", IsDeclared: true)], clone.Issued!);
    }

    [Fact]
    public void A_compressed_page_is_read_up_to_a_mebibyte_of_it_in_plain()
    {
        var rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("token=\"([^\"]{1,99})\"")] };
        var page = string.Concat(Enumerable.Repeat("<p>some text</p>\n", 50_000)) + "<p token=\"abc\">";
        var online = Read(Compressed("gzip", page), 4096, rules);
        var clone = Read(Compressed("gzip", page.Replace("abc", "d", StringComparison.Ordinal)), 4096, rules);
        Assert.Equal("abc", Assert.Single(online.Issued!).Name);
        Assert.Equal((online.Length, online.Hash), (clone.Length, clone.Hash));
    }

    [Fact]
    public void A_page_whose_coding_is_none_is_read_as_it_is()
    {
        var rules = ServiceRules.None with { ReplyWildcards = [WildcardRules.Pattern("[0-9]+ ms")] };
        var reader = Read(
            "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 33\r\n\r\n<a href=\"/a;jsessionid=A1\"> 17 ms", 9, rules);
        Assert.Equal("A1", Assert.Single(reader.Issued!).Name);
    }

    [Fact]
    public void What_is_not_in_the_coding_that_it_claims_is_compared_as_it_is()
    {
        var rules = ServiceRules.None with { ReplyWildcards = [WildcardRules.Pattern("x")] };
        var reader = Read("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", int.MaxValue, rules);
        Assert.Equal(3, reader.Length);
    }

    [Fact]
    public void Names_are_found_in_headers_too()
    {
        var rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("/item/([0-9a-f]+)")] };
        var reader = Read("HTTP/1.1 303 See Other\r\nLocation: /item/abc\r\nContent-Length: 0\r\n\r\n", int.MaxValue, rules);
        Assert.Equal(new IssuedName("abc", IsDeclared: true), Assert.Single(reader.Issued!));
    }

    [Fact]
    public void A_session_that_only_a_redirection_names_is_learnt()
    {
        var reader = Read("HTTP/1.1 302 Found\r\nLocation: /a;jsessionid=0A.node1?x=1\r\nContent-Length: 0\r\n\r\n", int.MaxValue);
        Assert.Equal(new IssuedName("0A.node1", IsDeclared: false), Assert.Single(reader.Issued!));
    }

    [Theory]
    [InlineData("x-xsrf-token", "0123456789abcdef=", "fedcba9876543210=")]
    [InlineData("authorization", "Bearer 0123456789abcdeX", "Bearer clone")]
    [InlineData("referer", "http://h/a;jsessionid=0123456789abcdeX?b", "http://h/a;jsessionid=clone?b")]
    [InlineData("x-count", "17", "17")]
    public void What_a_cookie_names_is_replaced_where_a_header_names_it_too(string name, string value, string expected)
    {
        identities.Pair("0123456789abcdef%3D", "fedcba9876543210%3D");
        identities.Pair("0123456789abcdeX", "clone");
        identities.Pair("17", "18");
        Assert.Equal(expected, SessionNames.ReplaceHeader(name, value, identities, hasDeclared: true));
    }

    private static string Compressed(string coding, string page)
    {
        using var bytes = new MemoryStream();
        using (Stream to = coding switch
        {
            "gzip" => new GZipStream(bytes, CompressionMode.Compress, leaveOpen: true),
            "br" => new BrotliStream(bytes, CompressionMode.Compress, leaveOpen: true),
            _ => new ZLibStream(bytes, CompressionMode.Compress, leaveOpen: true),
        })
            to.Write(Encoding.Latin1.GetBytes(page));
        return $"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {bytes.Length}\r\n\r\n"
            + Encoding.Latin1.GetString(bytes.ToArray());
    }

    [Fact]
    public void A_name_that_is_not_there_names_nothing()
    {
        var rules = ServiceRules.None with { Identities = [WildcardRules.Pattern("\"token\":\"([0-9a-f]{4})?\"")] };
        const string reply = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\"token\":\"\"";
        Assert.Equal(10, Read(reply, 100, rules).Length);
    }

    private static ReplyReader Read(string reply, int piece, ServiceRules? rules = null)
    {
        var reader = new HttpReplyReader(rules ?? ServiceRules.None);
        var bytes = Encoding.Latin1.GetBytes(reply);
        var head = bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        reader.Append(bytes.AsSpan(0, head), head);
        for (var at = head; at < bytes.Length; at += Math.Min(piece, bytes.Length - at))
            reader.Append(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)), 0);
        reader.End();
        return reader;
    }

    private void Declare(string online, string clone) =>
        identities.Pair([new IssuedName(online, IsDeclared: true)], [new IssuedName(clone, IsDeclared: true)]);
}
