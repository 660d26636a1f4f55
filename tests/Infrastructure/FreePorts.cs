using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Infrastructure;

/// <summary>Ports of the loopback address for servers of tests, outside of the range from which outgoing connections take theirs.</summary>
public static class FreePorts
{
    /// <summary>One that nobody listens on.</summary>
    public static int Next()
    {
        while (true)
        {
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(12_000, 20_000)));
                return ((IPEndPoint)socket.LocalEndPoint!).Port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }
    }

    /// <summary>An address that nobody listens on.</summary>
    public static string NextAddress() => $"127.0.0.1:{Next()}";
}
