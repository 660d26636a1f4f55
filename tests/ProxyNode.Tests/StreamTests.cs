using System.Net;
using System.Net.Sockets;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Connections of HTTP that become another protocol's: relayed, not repeated, and counted as that.</summary>
public sealed class StreamTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TcpListener server = new(IPAddress.Loopback, 0);
    private readonly TcpListener clone = new(IPAddress.Loopback, 0);

    public StreamTests()
    {
        server.Start();
        clone.Start();
    }

    public void Dispose()
    {
        server.Dispose();
        clone.Dispose();
    }

    [Theory]
    [InlineData(
        "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")]
    public async Task An_upgrade_and_a_tunnel(string request, string reply)
    {
        await using var proxy = Scenes.In("http", (IPEndPoint)server.LocalEndpoint, (IPEndPoint)clone.LocalEndpoint);
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        await client.SendAsync(request);
        using var ofServer = RawClient.Of(await server.AcceptSocketAsync().WaitAsync(Patience));
        Assert.Equal(request, await ofServer.ReadAsync(request.Length));
        await ofServer.SendAsync(reply);
        Assert.Equal(reply, await client.ReadAsync(reply.Length));
        await ofServer.SendAsync("anything");
        Assert.Equal("anything", await client.ReadAsync("anything".Length));
        var report = await Scenes.UntilAsync(proxy, now => now.GivenUp!.ContainsKey("stream"));
        Assert.Equal((1, 0), (report.GivenUp!["stream"].Count, report.Sandbox!.Requests));
        Assert.NotEmpty(report.GivenUp["stream"].Samples);
    }
}
