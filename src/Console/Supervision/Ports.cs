using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Console.Supervision;

/// <summary>Ports of the loopback address that nobody listens on.</summary>
internal sealed class Ports
{
    private readonly HashSet<int> given = [];

    /// <summary>The next free address, never the same twice.</summary>
    public string Next()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            if (given.Add(port))
                return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        }
    }
}
