using System.Net;
using System.Net.Sockets;

namespace JustRunIt.HostAgent.Processes;

/// <summary>A port that nobody listens on.</summary>
internal static class FreePort
{
    /// <summary>One on the loopback address; free when this returns.</summary>
    public static int Find()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
