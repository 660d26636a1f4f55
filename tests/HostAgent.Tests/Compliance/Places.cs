using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using JustRunIt.HostAgent.Machines;
using JustRunIt.HostAgent.Networks;

namespace JustRunIt.HostAgent.Tests.Compliance;

/// <summary>Where a clone must not get: each accepts, echoes and counts.</summary>
internal sealed class Places : IAsyncDisposable
{
    private readonly List<Socket> sockets = [];
    private readonly string unixPath = Path.Combine(Path.GetTempPath(), $"justrunit-{Guid.NewGuid():N}.sock");
    private int heard;

    public Places()
    {
        Production = Listen(new IPEndPoint(IPAddress.Loopback, 0));
        Everywhere = PortOf(Listen(new IPEndPoint(IPAddress.Any, 0)));
        Everywhere6 = PortOf(Listen(new IPEndPoint(IPAddress.IPv6Any, 0)));
        Datagrams = Echo(new IPEndPoint(IPAddress.Any, 0));
        Datagrams6 = Echo(new IPEndPoint(IPAddress.IPv6Any, 0));
        var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        unix.Bind(new UnixDomainSocketEndPoint(unixPath));
        Accept(unix);
    }

    /// <summary>A server of the production system on the host.</summary>
    public string Production { get; }

    /// <summary>How often a forbidden place heard anything.</summary>
    public int Heard => heard;

    private int Everywhere { get; }

    private int Everywhere6 { get; }

    private int Datagrams { get; }

    private int Datagrams6 { get; }

    /// <summary>Ways out to try, for the clone in that network.</summary>
    public IEnumerable<(string By, string To)> Forbidden(int number, RunningVm original, bool ownFiles)
    {
        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(device => device.GetIPProperties().UnicastAddresses.Select(entry => entry.Address))
            .Append(IPAddress.Parse(SandboxNetworks.HostAddress(number)))
            .Append(IPAddress.Parse(SandboxNetworks.CloneAddress(number)))
            .Distinct()
            .ToList();
        foreach (var address in addresses)
        {
            var six = address.AddressFamily == AddressFamily.InterNetworkV6;
            yield return ("tcp", $"{new IPEndPoint(address, six ? Everywhere6 : Everywhere)}");
            yield return ("udp", $"{new IPEndPoint(address, six ? Datagrams6 : Datagrams)}");
        }

        // The host's own servers, the original by its outer address, the bus, other hosts, name servers.
        yield return ("tcp", $"127.0.0.1:{Everywhere}");
        yield return ("tcp", original.Endpoint);
        if (original.Network is { } network)
            yield return ("tcp", $"{SandboxNetworks.HostAddress(network)}:{Everywhere}");
        yield return ("tcp", $"{SandboxNetworks.HostAddress(number)}:5672");
        yield return ("tcp", "8.8.8.8:53");
        yield return ("udp", "8.8.8.8:53");
        yield return ("tcp", "[2001:4860:4860::8888]:53");
        yield return ("tcp", "[ff02::1]:80");
        yield return ("dns", "example.com");
        if (ownFiles)
            yield return ("unix", unixPath);
    }

    public ValueTask DisposeAsync()
    {
        foreach (var socket in sockets)
            socket.Dispose();
        File.Delete(unixPath);
        return ValueTask.CompletedTask;
    }

    private static int PortOf(string endpoint) => IPEndPoint.Parse(endpoint).Port;

    private string Listen(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(at);
        Accept(socket);
        return socket.LocalEndPoint!.ToString()!;
    }

    private void Accept(Socket socket)
    {
        sockets.Add(socket);
        socket.Listen();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var accepted = await socket.AcceptAsync();
                Interlocked.Increment(ref heard);
            }
        });
    }

    private int Echo(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        sockets.Add(socket);
        socket.Bind(at);
        _ = Task.Run(async () =>
        {
            var buffer = new byte[16];
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(at.Address, 0));
                Interlocked.Increment(ref heard);
                await socket.SendToAsync(buffer.AsMemory(0, received.ReceivedBytes), received.RemoteEndPoint);
            }
        });
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
