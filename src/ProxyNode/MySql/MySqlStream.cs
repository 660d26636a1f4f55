using System.Net.Sockets;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>Whole packets over a socket, for the few that a proxy says and hears itself.</summary>
internal sealed class MySqlStream(Socket socket)
{
    /// <summary>Sends one packet.</summary>
    public async Task SendAsync(byte[] payload, int sequence, CancellationToken stop)
    {
        for (ReadOnlyMemory<byte> rest = MySqlPacket.Frame(payload, sequence); !rest.IsEmpty;)
            rest = rest[await socket.SendAsync(rest, stop).ConfigureAwait(false)..];
    }

    /// <summary>Receives one packet.</summary>
    /// <exception cref="ProtocolException">The peer has left.</exception>
    public async Task<(byte[] Payload, int Sequence)> ReceiveAsync(CancellationToken stop)
    {
        var header = await ReadAsync(MySqlPacket.HeaderLength, stop).ConfigureAwait(false);
        return (await ReadAsync(MySqlPacket.PayloadLength(header), stop).ConfigureAwait(false), header[3]);
    }

    private async Task<byte[]> ReadAsync(int count, CancellationToken stop)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(at), stop).ConfigureAwait(false);
            at += received > 0 ? received : throw new ProtocolException("the peer has left during a MySQL log-in");
        }

        return bytes;
    }
}
