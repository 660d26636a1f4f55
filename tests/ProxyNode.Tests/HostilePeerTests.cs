using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Peers that are slow, vanish half-way, or break the protocol: the proxy and its other connections go on.</summary>
public sealed class HostilePeerTests
{
    private const string Reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    public static TheoryData<string> BrokenReplies => new()
    {
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        $"HTTP/1.1 200 OK\r\nX: {new string('x', 70_000)}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 20x",
    };

    [Theory]
    [MemberData(nameof(BrokenReplies))]
    public async Task A_server_that_breaks_the_protocol_is_a_bad_gateway_on_that_connection_and_no_other(string broken)
    {
        var replies = new Queue<string>([broken, Reply]);
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync(replies.Dequeue());
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using (var first = await RawClient.ConnectAsync(proxy.EndPoint))
        {
            await first.SendAsync(Request);
            var said = (await ReadToEndAsync(first)).Replace("HTTP/1.1 100 Continue\r\n\r\n", "", StringComparison.Ordinal);
            Assert.StartsWith("HTTP/1.1 502 ", said, StringComparison.Ordinal);
        }

        using var second = await RawClient.ConnectAsync(proxy.EndPoint);
        await second.SendAsync(Request);
        Assert.EndsWith("ok", await second.ReadReplyAsync());
    }

    [Fact]
    public async Task A_reply_in_single_bytes_arrives_whole()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            foreach (var c in "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: "
                + "X\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n")
                await client.SendAsync(c.ToString());
            await client.ReadAsync();
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Request);
        var said = "";
        while (!said.EndsWith("X: y\r\n\r\n", StringComparison.Ordinal))
            said += await client.ReadAsync();
        Assert.StartsWith("HTTP/1.1 100", said);
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: 1, Errors: 0 });
    }

    [Fact]
    public async Task A_server_that_says_all_and_closes_its_side_is_heard_to_the_end()
    {
        using var server = new ScriptedServer(async client =>
        {
            await client.ReadAsync();
            await client.SendAsync("HTTP/1.1 200 OK\r\n\r\nuntil the end");
            client.Socket.Shutdown(SocketShutdown.Send);
        });
        await using var proxy = Scenes.In("http", server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Request);
        Assert.EndsWith("until the end", await client.ReadToEndAsync());
        await Scenes.UntilAsync(proxy, report => report.Live is { Requests: 1, Errors: 0 });
    }

    [Theory]
    [InlineData("http", "GET / HTTP/1.1\r\nHost: ")]
    [InlineData("ajp13", "\x12\x34\0\x20\x02")]
    [InlineData("mysql", "\x20\0\0\x01\x85")]
    [InlineData("postgresql", "\0\0\0\x20\0\x03")]
    public async Task A_client_that_stops_within_a_request_holds_nobody_up_and_nothing_when_it_leaves(string protocol, string start)
    {
        using var server = new ScriptedServer(async client => await client.ReadAsync());
        await using var proxy = Scenes.In(protocol, server.EndPoint);
        for (var i = 0; i < 20; i++)
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            await client.SendAsync(start);
            if (i % 2 == 0)
                client.Socket.LingerState = new LingerOption(true, 0);
        }

        var report = await Scenes.UntilAsync(proxy, now => now.Process.Connections == 0);
        Assert.Equal(0, report.Live!.Requests);
    }

    [Theory]
    [InlineData("ajp13", "GET / HTTP/1.1\r\n\r\n")]
    [InlineData("ajp13", "\x12\x34\0\x01\x07")]
    [InlineData("ajp13", "\x12\x34\0\x05\x02\x02\0\x99x")]
    [InlineData("postgresql", "GET / HTTP/1.1\r\n\r\n")]
    [InlineData("postgresql", "\x7F\xFF\xFF\xFF\0\x03\0\0")]
    [InlineData("postgresql", "\0\0\0\x08\0\x02\0\0")]
    public async Task What_is_not_the_protocol_never_reaches_the_server(string protocol, string bytes)
    {
        var isConnected = false;
        using var server = new ScriptedServer(_ =>
        {
            isConnected = true;
            return Task.CompletedTask;
        });
        await using var proxy = Scenes.In(protocol, server.EndPoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(bytes);
        await ReadToEndAsync(client);
        await Scenes.UntilAsync(proxy, report => report.Connections is { Arrived: 1, Open: 0 });
        Assert.False(isConnected);
    }

    private static async Task<string> ReadToEndAsync(RawClient client)
    {
        try
        {
            return await client.ReadToEndAsync();
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
