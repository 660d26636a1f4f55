using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace JustRunIt.Hosting;

/// <summary>
/// A port of the loopback address that nobody listens on, outside of the range from which outgoing connections take theirs
/// (<c>net.ipv4.ip_local_port_range</c>): one of those may be taken before its server has come to listen.
/// </summary>
public static class FreePort
{
    private const int Lowest = 10_000;
    private const int Highest = 65_535;
    private const int Attempts = 1000;
    private const string Range = "/proc/sys/net/ipv4/ip_local_port_range";

    /// <summary>One that is free when this returns.</summary>
    /// <exception cref="IOException">None was found.</exception>
    public static int Find()
    {
        var (first, last) = Outgoing();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var port = Random.Shared.Next(Lowest, Highest + 1);
            if (port >= first && port <= last)
                continue;
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken.
            }
        }

        throw new IOException(
            $"no free port from {Lowest} to {Highest} outside of {first} to {last}, which {Range} gives to outgoing connections");
    }

    private static (int First, int Last) Outgoing()
    {
        try
        {
            var range = File.ReadAllText(Range).Split((char[])['\t', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            return (int.Parse(range[0], CultureInfo.InvariantCulture), int.Parse(range[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // Not Linux: the range that IANA gives.
            return (49_152, Highest);
        }
    }
}
