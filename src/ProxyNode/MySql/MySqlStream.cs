using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>Whole packets over a socket, for the few that a proxy says and hears itself.</summary>
internal sealed class MySqlStream(LoopSocket socket)
{
    /// <summary>Sends one packet.</summary>
    public async Task SendAsync(byte[] payload, int sequence) => await socket.SendAsync(MySqlPacket.Frame(payload, sequence)).ConfigureAwait(false);

    /// <summary>Receives one packet.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the packet is too long.</exception>
    public async Task<(byte[] Payload, int Sequence)> ReceiveAsync()
    {
        var header = await ReadAsync(MySqlPacket.HeaderLength).ConfigureAwait(false);
        return (await ReadAsync(MySqlPacket.PayloadLength(header)).ConfigureAwait(false), header[3]);
    }

    private Task<byte[]> ReadAsync(int count) => LogIn.ReceiveAsync(socket, count, "MySQL");
}
