using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.Protocols;

/// <summary>
/// The messages of a log-in, the few that a proxy says and hears itself: whole ones over a socket, and no longer than any is.
/// </summary>
/// <param name="socket">The peer's.</param>
/// <param name="protocol">The protocol's name, for errors.</param>
internal sealed class LogInStream(LoopSocket socket, string protocol)
{
    private const int LongestMessage = 1 << 20;

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await socket.SendAsync(bytes).ConfigureAwait(false);

    /// <summary>Receives one message.</summary>
    /// <param name="headerLength">Bytes of its header.</param>
    /// <param name="bodyLength">Bytes that follow a header.</param>
    /// <exception cref="ProtocolException">The peer has left, or would say too much, or the header is none.</exception>
    public async Task<(byte[] Header, byte[] Body)> ReceiveAsync(int headerLength, Func<byte[], long> bodyLength)
    {
        var header = await ReceiveAsync(headerLength).ConfigureAwait(false);
        return (header, await ReceiveAsync(bodyLength(header)).ConfigureAwait(false));
    }

    private async Task<byte[]> ReceiveAsync(long count)
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
