namespace JustRunIt.ProxyNode.Tests;

/// <summary>Replies that break the protocol: their client is told so where that can be told apart from a reply, and at once.</summary>
public sealed class RefusedReplyTests
{
    /// <summary>A MySQL 8 that greets, and lets in whoever comes.</summary>
    internal const string MySqlGreeting = "\x4A\0\0\0\n8.0.30\0\x07\0\0\0aaaaaaaa\0\xFF\xF7\x21\x02\0\x0F\x80\x15\0\0\0\0\0\0\0\0\0\0"
        + "bbbbbbbbbbbb\0mysql_native_password\0";

    internal const string MySqlOk = "\x07\0\0\x02\0\0\0\x02\0\0\0";

    /// <summary>A log-in of protocol 4.1 with an empty answer, and without a database.</summary>
    internal const string MySqlLogIn =
        "\x26\0\0\x01\x00\x82\0\0\0\0\0\x01\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0shop\0\0";

    internal const string PgLogIn = "\0\0\0\x13\0\x03\0\0user\0shop\0\0";
    internal const string PgReady = "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

    /// <summary>A request of a container with a body of four bytes.</summary>
    internal const string AjpPost = "\x12\x34\0\x29\x02\x04\0\x08HTTP/1.1\0\0\x01/\0\0\x01" + "1\0\0\x01"
        + "c\0\0\x01h\0\0\x50\0\0\x01\xA0\x08\0\x01" + "4\0\xFF";

    internal const string AjpGet = "\x12\x34\0\x23\x02\x02\0\x08HTTP/1.1\0\0\x01/\0\0\x01" + "1\0\0\x01" + "c\0\0\x01h\0\0\x50\0\0\0\xFF";

    private const string Get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    private const string Query = "\x09\0\0\0\x03SELECT 1";

    [Fact]
    public async Task A_mysql_server_that_breaks_the_protocol_is_an_error_in_the_packet_s_place()
    {
        // A result of one column, its definition, and then an empty packet where a row or the end is due.
        const string begin = "\x01\0\0\x01\x01\x02\0\0\x02xx\x05\0\0\x03\xFE\0\0\x02\0";
        using var server = new ScriptedServer(async client =>
        {
            await client.SendAsync(MySqlGreeting);
            await client.ReadAsync();
            await client.SendAsync(MySqlOk);
            await client.ReadAsync();
            await client.SendAsync(begin + "\0\0\0\x04");
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("mysql", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.ReadAsync(MySqlGreeting.Length);
        await client.SendAsync(MySqlLogIn);
        Assert.Equal(MySqlOk, await client.ReadAsync(MySqlOk.Length));
        await client.SendAsync(Query);
        var said = await client.ReadToEndAsync();
        Assert.StartsWith(begin, said, StringComparison.Ordinal);
        // Packet 4, an error of SQLSTATE 08S01: the connection is of no use any more.
        Assert.Equal(("\x04\xFF", "#08S01"), (said.Substring(begin.Length + 3, 2), said.Substring(begin.Length + 7, 6)));
    }

    [Theory]
    [InlineData("\0\0\0\x0E")]
    [InlineData("\0\0\0\x08")]
    public async Task What_the_greeting_did_not_offer_is_taken_out_of_the_client_s_answer(string more)
    {
        var heard = new TaskCompletionSource<string>();
        using var server = new ScriptedServer(async client =>
        {
            await client.SendAsync(MySqlGreeting);
            heard.SetResult(await client.ReadAsync(MySqlLogIn.Length));
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("mysql", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.ReadAsync(MySqlGreeting.Length);
        // Behind the packet's header: optional metadata, another compression, attributes of queries.
        var capabilities = MySqlLogIn.Substring(4, 4).Zip(more, (has, adds) => (char)(has | adds));
        await client.SendAsync(MySqlLogIn[..4] + string.Concat(capabilities) + MySqlLogIn[8..]);
        Assert.Equal(MySqlLogIn, await heard.Task.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task What_is_no_mysql_server_is_an_error_instead_of_a_greeting()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.SendAsync("\x04\0\0\0\x09" + "1.0");
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("mysql", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        var said = await client.ReadToEndAsync();
        Assert.Equal("\0\xFF", said[3..5]);
        Assert.Contains("not relayed", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("T\0\0\0\x06\0\0", "D\0\0\0\x02")]
    [InlineData("", "D\xFF\xFF\xFF\xFF")]
    public async Task A_postgresql_server_that_breaks_the_protocol_is_a_fatal_error(string begin, string broken)
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync(PgReady);
            await client.ReadAsync();
            await client.SendAsync(begin + broken);
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("postgresql", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(PgLogIn);
        Assert.Equal(PgReady, await client.ReadAsync(PgReady.Length));
        await client.SendAsync("Q\0\0\0\x0DSELECT 1\0");
        var said = await client.ReadToEndAsync();
        Assert.StartsWith(begin + "E", said, StringComparison.Ordinal);
        Assert.Contains("SFATAL\0VFATAL\0C08P01\0", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_that_breaks_the_protocol_is_a_bad_gateway_and_is_cut_off_once_its_headers_have_passed()
    {
        const string headers = "AB\0\x0A\x04\0\xC8\0\x02OK\0\0\0";
        var replies = new Queue<string>(["AB\0\x01\x2A", headers + "AB\0\x01\x2A"]);
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync(replies.Dequeue());
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("ajp13", server.EndPoint);
        Assert.Equal("AB\0\x13\x04\x01\xF6\0\x0B" + "Bad Gateway\0\0\0AB\0\x02\x05\0", await AskAsync(proxy.EndPoint, AjpGet));
        Assert.Equal(headers, await AskAsync(proxy.EndPoint, AjpGet));
    }

    [Fact]
    public async Task A_reply_that_breaks_off_after_its_head_has_passed_gets_no_second_head()
    {
        const string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
        using var mayBreak = new SemaphoreSlim(0);
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync(head);
            await mayBreak.WaitAsync();
            await client.SendAsync("zz\r\n");
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Get);
        Assert.Equal(head, await client.ReadAsync(head.Length));
        mayBreak.Release();
        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_bad_gateway_for_head_has_no_body_and_comes_after_the_replies_before_it()
    {
        const string first = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
        const string both = Get + "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync(both.Length);
            await client.SendAsync(first + "HTTP/1.1 200 OK\n");
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        var said = await AskAsync(proxy.EndPoint, both);
        Assert.StartsWith(first + "HTTP/1.1 502 ", said, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_reply_is_read_by_a_client_that_still_sends()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
        for (var i = 0; i < 80; i++)
            await client.SendAsync(new string('x', 100_000));
        Assert.StartsWith("HTTP/1.1 502 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 2\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2 ;a=b\r\nok\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2  \r\nok\r\n0\r\n\r\n")]
    public async Task Framing_that_is_legal_or_plain_passes_as_it_is(string rest)
    {
        var reply = "HTTP/1.1 200 OK\r\n" + rest;
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync(reply);
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Get);
        Assert.Equal(reply, await client.ReadAsync(reply.Length));
    }

    private static async Task<string> AskAsync(System.Net.IPEndPoint endPoint, string request)
    {
        using var client = await RawClient.ConnectAsync(endPoint);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }
}
