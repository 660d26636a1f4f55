using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace JustRunIt.Specimen;

/// <summary>Tries to get out.</summary>
internal static class Reaching
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Tries one way: <c>tcp</c> or <c>udp</c> to IP:PORT, <c>unix</c> to a path, <c>dns</c> for a name. Says <c>reached</c>, or why not.
    /// </summary>
    public static async Task<string> TryAsync(string by, string to)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            switch (by)
            {
                case "tcp":
                    {
                        var end = IPEndPoint.Parse(to);
                        using var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                        await socket.ConnectAsync(end, patience.Token);
                        return "reached";
                    }

                case "udp":
                    {
                        // Only an answer tells that it arrived: whoever listens there sends back what it gets.
                        var end = IPEndPoint.Parse(to);
                        using var socket = new Socket(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
                        await socket.ConnectAsync(end, patience.Token);
                        await socket.SendAsync(new byte[] { 1 }, patience.Token);
                        _ = await socket.ReceiveAsync(new byte[1], patience.Token);
                        return "reached";
                    }

                case "unix":
                    {
                        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                        await socket.ConnectAsync(new UnixDomainSocketEndPoint(to), patience.Token);
                        return "reached";
                    }

                case "dns":
                    return (await Dns.GetHostAddressesAsync(to, patience.Token)).Length > 0 ? "reached" : "no address";
                default:
                    return $"by: '{by}'; allowed is tcp, udp, unix or dns";
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or PingException)
        {
            return e is OperationCanceledException ? "no answer" : e.Message;
        }
    }
}
