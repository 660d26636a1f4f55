using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Installing;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Connections that go past an installed proxy are ended while nothing passes on them. Needs root.</summary>
public sealed class IdleEndingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Connections_that_idle_are_ended_and_one_that_waits_for_an_answer_is_when_it_has_it()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var address = (IPEndPoint)server.LocalEndpoint;
        using var asking = Client(address, "echo ask >&3");
        using var waiting = await server.AcceptSocketAsync();
        Assert.Equal(4, await waiting.ReceiveAsync(new byte[100]));
        using var resting = Client(address, "true");
        using var idle = await server.AcceptSocketAsync();
        var said = new ConcurrentQueue<string>();
        await using var ending = new IdleEnding(address, IdleEnding.Shortest, TimeProvider.System, said.Enqueue);
        ending.Start();

        await Assert.ThrowsAsync<SocketException>(async () => await idle.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        // Three times as long as it takes for one that does not wait.
        await Task.Delay(3 * IdleEnding.Shortest);
        Assert.Equal((IPEndPoint)waiting.RemoteEndPoint!, Assert.Single(OpenConnections.PastUs(address)!));
        Assert.Equal(1, ending.Ended);

        await waiting.SendAsync("answer"u8.ToArray());
        await Assert.ThrowsAsync<SocketException>(async () => await waiting.ReceiveAsync(new byte[1]).WaitAsync(Patience));
        await InstallScene.UntilAsync(() => Task.FromResult(!said.IsEmpty));
        Assert.Equal($"no connection to {address} goes past the proxy; 2 were ended while they idled", Assert.Single(said));
    }

    [Theory]
    [InlineData("http", true)]
    [InlineData("ajp13", true)]
    [InlineData("mysql", false)]
    [InlineData("postgresql", false)]
    [InlineData("tcp", false)]
    public void Only_connections_without_transactions_are_ended(string protocol, bool isPossible) =>
        Assert.Equal(isPossible, IdleEnding.WhyNotOf(ProtocolRegistry.Find(protocol)!) is null);

    [Theory]
    // Nothing was ever asked.
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic lastsnd:5000 lastrcv:5000 lastack:5000", true)]
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic bytes_received:9 lastsnd:4000 lastrcv:5000", true)]
    [InlineData("0 0 [::ffff:10.0.0.1]:80 [::ffff:10.0.0.2]:4711 cubic bytes_received:9 lastsnd:4000 lastrcv:5000", true)]
    // A request that is not answered yet, and one of which that cannot be told: it came within the same tick as the reply before it.
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic bytes_received:9 lastsnd:5000 lastrcv:4000", false)]
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic bytes_received:9 lastsnd:5000 lastrcv:5000", false)]
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic bytes_received:9 lastsnd:30000 lastrcv:30000", true)]
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic lastsnd:2999 lastrcv:5000", false)]
    [InlineData("1 0 10.0.0.1:80 10.0.0.2:4711 cubic lastsnd:5000 lastrcv:5000", false)]
    [InlineData("0 1 10.0.0.1:80 10.0.0.2:4711 cubic lastsnd:5000 lastrcv:5000", false)]
    public void What_the_kernel_tells_says_whether_a_connection_idles(string line, bool idles)
    {
        var connection = SocketStatistics.Read(line)!;
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:80"), connection.Server);
        Assert.Equal(IPEndPoint.Parse("10.0.0.2:4711"), connection.Client);
        Assert.Equal(idles, connection.Idles(TimeSpan.FromSeconds(3)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 0 10.0.0.1:80")]
    [InlineData("0 0 10.0.0.1:80 10.0.0.2:4711 cubic")]
    public void A_line_of_which_nothing_is_known_is_no_connection_to_end(string line) => Assert.Null(SocketStatistics.Read(line));

    private static Process Client(IPEndPoint server, string says) =>
        Process.Start("bash", ["-c", $"exec 3<>/dev/tcp/127.0.0.1/{server.Port}; {says}; exec sleep 300"]);
}
