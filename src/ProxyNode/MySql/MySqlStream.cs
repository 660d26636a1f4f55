using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>Whole packets over a socket, for the few that a proxy says and hears itself.</summary>
internal sealed class MySqlStream(LoopSocket socket)
{
    /// <summary>Sends one packet.</summary>
    public async Task SendAsync(byte[] payload, int sequence) => await socket.SendAsync(MySqlPacket.Frame(payload, sequence)).ConfigureAwait(false);

    /// <summary>Receives one packet.</summary>
    /// <exception cref="ProtocolException">The peer has left.</exception>
    public async Task<(byte[] Payload, int Sequence)> ReceiveAsync()
    {
        var header = await ReadAsync(MySqlPacket.HeaderLength).ConfigureAwait(false);
        return (await ReadAsync(MySqlPacket.PayloadLength(header)).ConfigureAwait(false), header[3]);
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(at)).ConfigureAwait(false);
            at += received > 0 ? received : throw new ProtocolException("the peer has left during a MySQL log-in");
        }

        return bytes;
    }
}
