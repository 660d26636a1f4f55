using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JustRunIt.ProxyNode.Installing;

namespace JustRunIt.ProxyNode.Tests;

/// <summary>Which connections of a server go past a proxy that is installed around its address.</summary>
public sealed class OpenConnectionsTests
{
    [Fact]
    public async Task Connections_that_others_have_opened_go_past_the_proxy_and_its_own_do_not()
    {
        using var server = new TcpListener(IPAddress.IPv6Any, 0);
        server.Server.DualMode = true;
        server.Start();
        var address = new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)server.LocalEndpoint).Port);
        Assert.Null(OpenConnections.PastUs(address));

        var peer = $"/dev/tcp/127.0.0.1/{address.Port}";
        using var other = Process.Start("bash", ["-c", $"exec 3<>{peer}; exec 4<>{peer}; exec sleep 300"]);
        using var first = await server.AcceptTcpClientAsync();
        using var second = await server.AcceptTcpClientAsync();
        using var own = new TcpClient();
        await own.ConnectAsync(address);
        using var third = await server.AcceptTcpClientAsync();
        Assert.Equal(2, OpenConnections.PastUs(address)!.Count);

        other.Kill();
        await other.WaitForExitAsync();
    }
}
