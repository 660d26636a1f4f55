using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>The server's first packet, protocol version 10.</summary>
/// <param name="Version">Of the server.</param>
/// <param name="Capabilities">What it can do.</param>
/// <param name="MariaDbCapabilities">What MariaDB can do beyond.</param>
/// <param name="Challenge">Random bytes that an answer is computed from.</param>
/// <param name="Plugin">How it wants to be answered.</param>
/// <param name="Charset">Its default character set and collation.</param>
/// <param name="Connection">Its own number of the connection.</param>
internal sealed record MySqlGreeting(
    string Version, uint Capabilities, uint MariaDbCapabilities, byte[] Challenge, string Plugin, byte Charset, uint Connection)
{
    /// <summary>SERVER_STATUS_AUTOCOMMIT.</summary>
    private const int Autocommit = 0x2;

    private const int ProtocolVersion = 10;
    private const int LongPassword = 1;

    /// <summary>The server's status, which tells of the modes that a session begins with.</summary>
    public int Status { get; init; } = Autocommit;

    /// <summary>Reads a payload.</summary>
    /// <exception cref="ProtocolException">It is of another version, or ends too early.</exception>
    public static MySqlGreeting Parse(ReadOnlySpan<byte> payload)
    {
        var at = 0;
        if (MySqlPacket.Take(payload, ref at, 1)[0] is not ProtocolVersion and var version)
            throw new ProtocolException($"MySQL protocol version {version}; relayed is {ProtocolVersion}");
        var server = MySqlPacket.ReadTerminated(payload, ref at);
        var connection = BinaryPrimitives.ReadUInt32LittleEndian(MySqlPacket.Take(payload, ref at, 4));
        var first = MySqlPacket.Take(payload, ref at, 8).ToArray();
        MySqlPacket.Take(payload, ref at, 1);
        uint capabilities = BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(payload, ref at, 2));
        var charset = MySqlPacket.Take(payload, ref at, 1)[0];
        var status = BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(payload, ref at, 2));
        capabilities |= (uint)BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(payload, ref at, 2)) << 16;
        var challengeLength = MySqlPacket.Take(payload, ref at, 1)[0];
        MySqlPacket.Take(payload, ref at, 6);
        var mariaDb = BinaryPrimitives.ReadUInt32LittleEndian(MySqlPacket.Take(payload, ref at, 4));
        var second = MySqlPacket.Take(payload, ref at, Math.Min(Math.Max(13, challengeLength - 8), payload.Length - at));
        var plugin = (capabilities & MySqlPacket.PluginAuthentication) != 0 && at < payload.Length
            ? Encoding.ASCII.GetString(payload[at..]).TrimEnd('\0')
            : MySqlLogin.NativePassword;
        return new MySqlGreeting(
            server,
            capabilities,
            (capabilities & LongPassword) == 0 ? mariaDb : 0,
            [.. first, .. second.TrimEnd((byte)0)],
            plugin,
            charset,
            connection)
        {
            Status = status,
        };
    }

    /// <summary>
    /// Takes back in place what cannot be relayed faithfully: TLS, compression and formats that depend on what was said before.
    /// </summary>
    public static void Restrict(Span<byte> payload)
    {
        var low = payload.IndexOf((byte)0) + 1 + 4 + 8 + 1;
        var high = low + 2 + 1 + 2;
        var mariaDb = high + 2 + 1 + 6;
        var lowMask = unchecked((ushort)~MySqlPacket.NotRelayed);
        var highMask = (ushort)(~MySqlPacket.NotRelayed >> 16);
        var isMariaDb = (payload[low] & LongPassword) == 0;
        BinaryPrimitives.WriteUInt16LittleEndian(
            payload[low..], (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(payload[low..]) & lowMask));
        BinaryPrimitives.WriteUInt16LittleEndian(
            payload[high..], (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(payload[high..]) & highMask));
        if (isMariaDb)
            BinaryPrimitives.WriteUInt32LittleEndian(
                payload[mariaDb..], BinaryPrimitives.ReadUInt32LittleEndian(payload[mariaDb..]) & ~MySqlPacket.NotRelayedOfMariaDb);
    }

    /// <summary>A greeting of the same server with another challenge, that asks for the native password.</summary>
    public byte[] ToPayload(int connection)
    {
        var capabilities = Capabilities | MySqlPacket.PluginAuthentication | MySqlPacket.SecureConnection;
        var payload = new MemoryStream();
        payload.WriteByte(ProtocolVersion);
        payload.Write(Encoding.UTF8.GetBytes(Version + "\0"));
        payload.Write(BitConverter.GetBytes(connection));
        payload.Write(Challenge.AsSpan(0, 8));
        payload.WriteByte(0);
        payload.Write(BitConverter.GetBytes((ushort)capabilities));
        payload.WriteByte(Charset);
        payload.Write(BitConverter.GetBytes((ushort)Status));
        payload.Write(BitConverter.GetBytes((ushort)(capabilities >> 16)));
        payload.WriteByte(21);
        payload.Write(new byte[6]);
        payload.Write(BitConverter.GetBytes(MariaDbCapabilities));
        payload.Write(Challenge.AsSpan(8, 12));
        payload.WriteByte(0);
        payload.Write(Encoding.ASCII.GetBytes(MySqlLogin.NativePassword + "\0"));
        return payload.ToArray();
    }
}
