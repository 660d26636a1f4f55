using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>Messages of a log-in, the few that a proxy hears itself: whole, and no longer than any is.</summary>
internal static class LogIn
{
    private const int LongestMessage = 1 << 20;

    /// <summary>Receives exactly so many bytes.</summary>
    /// <param name="socket">The peer's.</param>
    /// <param name="count">How many, as the peer says.</param>
    /// <param name="protocol">The protocol's name, for errors.</param>
    /// <exception cref="ProtocolException">The peer has left, or would say too much.</exception>
    public static async Task<byte[]> ReceiveAsync(LoopSocket socket, long count, string protocol)
    {
        if (count > LongestMessage)
            throw new ProtocolException($"a {protocol} message of {count} bytes during a log-in; allowed: {LongestMessage}");
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(at)).ConfigureAwait(false);
            at += received > 0 ? received : throw new ProtocolException($"the peer has left during a {protocol} log-in");
        }

        return bytes;
    }
}
