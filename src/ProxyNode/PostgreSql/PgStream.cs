using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>Whole messages over a socket, for the few that a proxy says and hears itself.</summary>
internal sealed class PgStream(LoopSocket socket)
{
    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await socket.SendAsync(bytes).ConfigureAwait(false);

    /// <summary>Receives one message.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the message is too long.</exception>
    public async Task<(char Type, byte[] Body)> ReceiveAsync()
    {
        var header = await ReadAsync(PgMessage.HeaderLength).ConfigureAwait(false);
        return ((char)header[0], await ReadAsync(PgMessage.LengthOf(header) - PgMessage.HeaderLength).ConfigureAwait(false));
    }

    /// <summary>Receives a first message, which has no type.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the message is none.</exception>
    public async Task<byte[]> ReceiveStartupAsync()
    {
        var length = await ReadAsync(4).ConfigureAwait(false);
        var body = await ReadAsync(Math.Max(BinaryPrimitives.ReadInt32BigEndian(length) - 4L, 4)).ConfigureAwait(false);
        return [.. length, .. body];
    }

    private Task<byte[]> ReadAsync(long count) => LogIn.ReceiveAsync(socket, count, "PostgreSQL");
}
