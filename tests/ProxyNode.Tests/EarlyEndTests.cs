using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>
/// Either side ends while a request is still coming in: the other hears of it as it would without a proxy, and a client can read what it
/// was told.
/// </summary>
public sealed class EarlyEndTests
{
    private const string Head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n";
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    private const string Refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string, string> PartsOfRequests => new()
    {
        { "http", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc" },
        { "http", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab" },
        { "http", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n" },
        { "http", "GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc" },
        { "ajp13", RefusedReplyTests.AjpPost },
        { "tcp", "abc" },
    };

    [Theory]
    [MemberData(nameof(PartsOfRequests))]
    public async Task A_server_hears_at_once_that_its_client_has_ended_within_a_request(string protocol, string part)
    {
        var heard = new TaskCompletionSource<string>();
        using var server = new ScriptedServer(async client => heard.SetResult(await client.ReadToEndAsync()));
        await using var proxy = Scenes.In(protocol, server.EndPoint, limits: new() { GoneTimeout = TimeSpan.FromHours(1) });
        using (var client = await RawClient.ConnectAsync(proxy.EndPoint))
            await client.SendAsync(part);
        Assert.Equal(part, await heard.Task.WaitAsync(Patience));
        await Scenes.UntilAsync(proxy, report => report.Connections is { Open: 0 });
    }

    [Theory]
    [InlineData(
        "mysql", RefusedReplyTests.MySqlGreeting, RefusedReplyTests.MySqlLogIn, RefusedReplyTests.MySqlOk, "\xFF\xFF\xFF\0\x03SELECT")]
    [InlineData("postgresql", "", RefusedReplyTests.PgLogIn, RefusedReplyTests.PgReady, "Q\0\0\x01\0SELECT")]
    public async Task A_database_hears_at_once_that_its_client_has_ended_within_a_statement(
        string protocol, string greeting, string logIn, string welcome, string part)
    {
        var heard = new TaskCompletionSource<string>();
        using var server = new ScriptedServer(async client =>
        {
            await client.SendAsync(greeting);
            await client.ReadAsync(logIn.Length);
            await client.SendAsync(welcome);
            heard.SetResult(await client.ReadToEndAsync());
        });
        await using var proxy = Scenes.In(protocol, server.EndPoint, limits: new() { GoneTimeout = TimeSpan.FromHours(1) });
        using (var client = await RawClient.ConnectAsync(proxy.EndPoint))
        {
            await client.ReadAsync(greeting.Length);
            await client.SendAsync(logIn);
            await client.ReadAsync(welcome.Length);
            await client.SendAsync(part);
        }

        // What decides how a statement is repeated may have been held until it was whole, and a server does nothing before that.
        Assert.StartsWith(await heard.Task.WaitAsync(Patience), part, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_ends_within_a_request_reads_what_the_server_says_to_that()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadToEndAsync();
            await client.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Head + "abc");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    /// <summary>
    /// What comes before the upload, what the server says after the upload's first bytes, whether it goes on reading until the client has
    /// closed, and the same with a reset instead.
    /// </summary>
    public static TheoryData<string, string, string, bool> EarlyEnds
    {
        get
        {
            var data = new TheoryData<string, string, string, bool>();
            foreach (var isReading in (bool[])[true, false])
            {
                data.Add("http", "", Refusal, isReading);
                data.Add("http", "", Refusal.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal), isReading);
                data.Add("http", "", "HTTP/1.1 413 Content Too Large\r\n\r\nlarge", isReading);
                data.Add("http", Upgrade, "large", isReading);
                data.Add("tcp", "", Refusal, isReading);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(EarlyEnds))]
    public async Task A_client_that_still_sends_reads_what_a_server_said_before_it_ended(
        string protocol, string before, string reply, bool isReading)
    {
        var heard = new TaskCompletionSource<int>();
        using var server = new ScriptedServer(async client =>
        {
            if (before.Length > 0)
            {
                await client.ReadAsync(before.Length);
                await client.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            }

            var first = await client.ReadAsync();
            await client.SendAsync(reply);
            if (!isReading)
                return;
            client.Socket.Shutdown(SocketShutdown.Send);
            heard.SetResult(first.Length + (await client.ReadToEndAsync()).Length);
        });
        await using var proxy = Scenes.In(protocol, server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        if (before.Length > 0)
        {
            await client.SendAsync(before);
            Assert.StartsWith("HTTP/1.1 101 ", await client.ReadReplyAsync(), StringComparison.Ordinal);
        }

        await client.SendAsync(Head);
        var piece = new string('x', 100_000);
        for (var sent = 0; sent < 8_000_000; sent += piece.Length)
            await client.SendAsync(piece);
        Assert.Equal(reply, await client.ReadToEndAsync());
        client.Dispose();
        // One that goes on reading gets all of it, as from the client itself.
        if (isReading)
            Assert.Equal(Head.Length + 8_000_000, await heard.Task.WaitAsync(Patience));
        await Scenes.UntilAsync(proxy, report => report.Connections is { Open: 0 });
    }

    [Fact]
    public async Task What_follows_the_last_request_does_not_take_its_reply_away()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        for (var i = 0; i < 20; i++)
            await client.SendAsync(new string('x', 100_000));
        Assert.EndsWith("ok", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_of_a_real_server_that_refuses_a_large_body_read_its_refusal()
    {
        await using var server = await TestServer.StartAsync(application =>
            application.MapPost("/", (HttpContext context) => context.Request.Body.CopyToAsync(Stream.Null)));
        await using var proxy = Scenes.In("http", server.EndPoint);
        for (var i = 0; i < 5; i++)
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            // More than the server's largest body of 30,000,000 bytes.
            await client.SendAsync("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 31000000\r\n\r\n");
            for (var sent = 0; sent < 31_000_000; sent += 1_000_000)
                await client.SendAsync(new string('x', 1_000_000));
            Assert.StartsWith("HTTP/1.1 413 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Content-Length: 0\r\n")]
    [InlineData("Content-Length: 5\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n")]
    [InlineData("")]
    public async Task What_follows_an_agreement_to_connect_is_a_tunnel_whatever_length_it_has(string header)
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync($"HTTP/1.1 200 OK\r\n{header}\r\n");
            await client.SendAsync("echo:" + await client.ReadAsync());
            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
        var agreed = $"HTTP/1.1 200 OK\r\n{header}\r\n";
        Assert.Equal(agreed, await client.ReadAsync(agreed.Length));
        await client.SendAsync("\x16\x03\x01ping");
        const string echo = "echo:\x16\x03\x01ping";
        Assert.Equal(echo, await client.ReadAsync(echo.Length));
    }

    [Fact]
    public async Task The_first_packet_of_a_body_may_come_after_a_container_has_ended_its_reply()
    {
        const string reply = "AB\0\x0A\x04\0\xC8\0\x02OK\0\0\0AB\0\x02\x05\x01";
        const string body = "\x12\x34\0\x06\0\x04" + "abcd";
        var heard = new List<string>();
        using var server = new ScriptedServer(async client =>
        {
            // The packet and the next request may come together.
            foreach (var part in (string[])[RefusedReplyTests.AjpPost, body + RefusedReplyTests.AjpGet])
            {
                heard.Add(await client.ReadAsync(part.Length));
                await client.SendAsync(reply);
            }

            await client.ReadToEndAsync();
        });
        await using var proxy = Scenes.In("ajp13", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(RefusedReplyTests.AjpPost);
        Assert.Equal(reply, await client.ReadAsync(reply.Length));
        await client.SendAsync(body);
        await client.SendAsync(RefusedReplyTests.AjpGet);
        Assert.Equal(reply, await client.ReadAsync(reply.Length));
        Assert.Equal([RefusedReplyTests.AjpPost, body + RefusedReplyTests.AjpGet], heard);
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: 2, Errors: 0 });
    }
}
