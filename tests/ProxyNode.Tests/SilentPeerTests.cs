using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.StandAlone;
using JustRunIt.ProxyNode.Tests.Peers;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Servers that answer nothing, and clients that leave meanwhile or never say what they want: nothing is kept for them.</summary>
public sealed class SilentPeerTests : IDisposable
{
    private const string Request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly ConnectionLimits SoonGone = new() { GoneTimeout = TimeSpan.FromMilliseconds(300) };
    private static readonly ConnectionLimits NeverGone = new() { GoneTimeout = TimeSpan.FromHours(1) };

    private readonly TcpListener server = new(IPAddress.Loopback, 0);

    public SilentPeerTests() => server.Start();

    private IPEndPoint Server => (IPEndPoint)server.LocalEndpoint;

    public void Dispose() => server.Dispose();

    [Theory]
    [InlineData("http", Request)]
    [InlineData("http", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")]
    [InlineData("http", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")]
    [InlineData("http", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")]
    [InlineData("tcp", Request)]
    [InlineData("mysql", "")]
    public async Task Both_connections_of_a_client_that_closed_while_its_server_is_silent_end(string protocol, string request)
    {
        await using var proxy = Scenes.In(protocol, Server, limits: SoonGone);
        using var ofServer = await LeaveAsync(proxy, request, reset: false);
        await EndedAsync(proxy);
        Assert.Equal(0, await ReadToEndAsync(ofServer).WaitAsync(Patience));
    }

    [Theory]
    [InlineData("http", Request)]
    [InlineData("http", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")]
    [InlineData("http", "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")]
    [InlineData("tcp", Request)]
    [InlineData("mysql", "")]
    public async Task Both_connections_of_a_client_that_was_reset_while_its_server_is_silent_end_at_once(string protocol, string request)
    {
        await using var proxy = Scenes.In(protocol, Server, limits: NeverGone);
        using var ofServer = await LeaveAsync(proxy, request, reset: true);
        await EndedAsync(proxy);
        Assert.Equal(0, await ReadToEndAsync(ofServer).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_client_that_only_closed_its_side_gets_its_reply()
    {
        await using var proxy = Scenes.In("http", Server);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(Request);
        client.Socket.Shutdown(SocketShutdown.Send);
        using var ofServer = RawClient.Of(await server.AcceptSocketAsync().WaitAsync(Patience));
        Assert.Equal(Request, await ofServer.ReadAsync(Request.Length));
        await ofServer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        Assert.EndsWith("hello", await client.ReadToEndAsync(), StringComparison.Ordinal);
        var report = await EndedAsync(proxy);
        Assert.Equal(1, report.Connections!.Ended["closed"]);
        Assert.Equal(new ExchangeFigures(1, 1, 0, 0), report.Connections.Exchanges);
    }

    [Fact]
    public async Task A_server_is_connected_to_when_there_is_something_to_say_to_it()
    {
        await using var proxy = Scenes.In("http", Server);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync("GET / HTTP/1.1\r\nHo");
        await Scenes.UntilAsync(proxy, report => report.Connections!.Open == 1);
        Assert.False(server.Pending());
        await client.SendAsync("st: h\r\n\r\n");
        using var ofServer = RawClient.Of(await server.AcceptSocketAsync().WaitAsync(Patience));
        Assert.Equal(Request, await ofServer.ReadAsync(Request.Length));
    }

    [Fact]
    public async Task A_server_whose_protocol_is_not_known_may_speak_first()
    {
        await using var proxy = Scenes.In("tcp", Server);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        using var ofServer = RawClient.Of(await server.AcceptSocketAsync().WaitAsync(Patience));
        await ofServer.SendAsync("220 mail\r\n");
        Assert.Equal("220 mail\r\n", await client.ReadAsync("220 mail\r\n".Length));
    }

    [Theory]
    [InlineData("http", "GET / HT")]
    [InlineData("ajp13", "\x12\x34\0\x20\x02")]
    [InlineData("postgresql", "\0\0\0\x20\0\x03")]
    public async Task A_client_that_never_finishes_its_head_or_log_in_is_not_waited_for(string protocol, string start)
    {
        await using var proxy = Scenes.In(protocol, Server, limits: new() { HeadTimeout = TimeSpan.FromMilliseconds(300) });
        using var idle = await RawClient.ConnectAsync(proxy.EndPoint);
        using var slow = await RawClient.ConnectAsync(proxy.EndPoint);
        await slow.SendAsync(start);
        var report = await Scenes.UntilAsync(proxy, report => report.Connections!.Ended["timeout-head"] == 1);
        // One that has said nothing may take its time.
        Assert.Equal(1, report.Connections!.Open);
        Assert.False(server.Pending());
    }

    [Fact]
    public async Task A_connection_that_idles_ends_only_where_that_was_asked_for()
    {
        await using var proxy = Scenes.In("http", Server, limits: new() { IdleTimeout = TimeSpan.FromMilliseconds(300) });
        using var idle = await RawClient.ConnectAsync(proxy.EndPoint);
        using var busy = await RawClient.ConnectAsync(proxy.EndPoint);
        await busy.SendAsync(Request);
        var report = await Scenes.UntilAsync(proxy, report => report.Connections!.Ended["timeout-idle"] == 1);
        Assert.Equal((1, 1L), (report.Connections!.Open, report.Connections.Exchanges.Open));
        Assert.Equal("", await idle.ReadToEndAsync());
    }

    [Fact]
    public async Task As_many_requests_as_arrived_are_answered_failed_or_open()
    {
        await using var proxy = Scenes.In("http", Server, limits: SoonGone);
        (await LeaveAsync(proxy, Request, reset: false)).Dispose();
        using var waiting = await RawClient.ConnectAsync(proxy.EndPoint);
        await waiting.SendAsync(Request + Request);
        var report = await Scenes.UntilAsync(proxy, report => report.Connections!.Exchanges is { Failed: 1, Open: 2 });
        Assert.Equal(3, report.Connections!.Exchanges.Arrived);
        Assert.Equal(1, report.Live!.Errors);
    }

    /// <summary>A client asks, and leaves when the server has heard it; the server's side of its connection.</summary>
    private async Task<Socket> LeaveAsync(StandAloneProxy proxy, string request, bool reset)
    {
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        if (reset)
            client.Socket.LingerState = new LingerOption(true, 0);
        await client.SendAsync(request);
        var ofServer = await server.AcceptSocketAsync().WaitAsync(Patience);
        var heard = new byte[4096];
        for (var count = 0; count < request.Length;)
            count += await ofServer.ReceiveAsync(heard).WaitAsync(Patience);
        return ofServer;
    }

    private static Task<Report> EndedAsync(StandAloneProxy proxy) =>
        Scenes.UntilAsync(proxy, report => report.Connections is { Open: 0, Arrived: 1 });

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        var total = 0;
        try
        {
            while (await socket.ReceiveAsync(new byte[100]) is > 0 and var count)
                total += count;
        }
        catch (SocketException)
        {
            // An abrupt end is one too.
        }

        return total;
    }
}
