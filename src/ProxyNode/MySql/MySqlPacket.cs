using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Framing, capabilities and generic packets (MySQL internals manual, "Protocol Basics"; MariaDB protocol documentation).
/// </summary>
internal static class MySqlPacket
{
    /// <summary>Length in three bytes, sequence number in one.</summary>
    public const int HeaderLength = 4;

    /// <summary>A payload of this length goes on in the next packet.</summary>
    public const int FullPayload = 0xFFFFFF;

    /// <summary>First byte of a packet that says yes.</summary>
    public const byte Ok = 0x00;

    /// <summary>First byte of a packet that asks for a local file.</summary>
    public const byte LocalInfile = 0xFB;

    /// <summary>First byte of a packet that ends columns or rows.</summary>
    public const byte Eof = 0xFE;

    /// <summary>First byte of a packet that says no.</summary>
    public const byte Error = 0xFF;

    /// <summary>CLIENT_FOUND_ROWS: a change counts the rows that it has found.</summary>
    public const uint FoundRows = 0x2;

    /// <summary>CLIENT_CONNECT_WITH_DB.</summary>
    public const uint ConnectWithDatabase = 0x8;

    /// <summary>CLIENT_COMPRESS.</summary>
    public const uint Compress = 0x20;

    /// <summary>CLIENT_IGNORE_SPACE: white space may be between a function's name and its bracket.</summary>
    public const uint IgnoreSpace = 0x100;

    /// <summary>CLIENT_LOCAL_FILES.</summary>
    public const uint LocalFiles = 0x80;

    /// <summary>CLIENT_MULTI_STATEMENTS.</summary>
    public const uint MultiStatements = 0x10000;

    /// <summary>CLIENT_SSL.</summary>
    public const uint Tls = 0x800;

    /// <summary>CLIENT_SECURE_CONNECTION: the answer to the challenge has a length byte.</summary>
    public const uint SecureConnection = 0x8000;

    /// <summary>CLIENT_PLUGIN_AUTH.</summary>
    public const uint PluginAuthentication = 0x80000;

    /// <summary>CLIENT_CONNECT_ATTRS.</summary>
    public const uint ConnectAttributes = 0x100000;

    /// <summary>CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA.</summary>
    public const uint LengthEncodedAuthentication = 0x200000;

    /// <summary>CLIENT_SESSION_TRACK: the text of an OK packet has a length, and what changed is behind it.</summary>
    public const uint SessionTrack = 0x800000;

    /// <summary>CLIENT_DEPRECATE_EOF.</summary>
    public const uint DeprecateEof = 0x1000000;

    /// <summary>
    /// CLIENT_OPTIONAL_RESULTSET_METADATA, CLIENT_ZSTD_COMPRESSION_ALGORITHM, CLIENT_QUERY_ATTRIBUTES: not relayed faithfully.
    /// </summary>
    public const uint NotRelayed = Compress | Tls | 0x2000000 | 0x4000000 | 0x8000000;

    /// <summary>MariaDB's own, in the second word: progress reports, COM_MULTI, metadata that may be left out.</summary>
    public const uint NotRelayedOfMariaDb = 0x1 | 0x2 | 0x10;

    /// <summary>SERVER_STATUS_IN_TRANS.</summary>
    public const int InTransaction = 0x1;

    /// <summary>SERVER_MORE_RESULTS_EXISTS.</summary>
    public const int MoreResults = 0x8;

    /// <summary>SERVER_STATUS_CURSOR_EXISTS.</summary>
    public const int CursorExists = 0x40;

    /// <summary>SERVER_STATUS_LAST_ROW_SENT: a cursor is closed.</summary>
    public const int LastRowSent = 0x80;

    /// <summary>SERVER_SESSION_STATE_CHANGED: an OK packet ends with what changed.</summary>
    public const int SessionStateChanged = 0x4000;

    /// <summary>Length of a payload, from its header.</summary>
    public static int PayloadLength(ReadOnlySpan<byte> header) => header[0] | (header[1] << 8) | (header[2] << 16);

    /// <summary>Packets of a log-in over a socket.</summary>
    public static LogInStream Open(LoopSocket socket) => new(socket, "MySQL");

    /// <summary>Receives one packet of a log-in.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the packet is too long.</exception>
    public static async Task<(byte[] Payload, int Sequence)> ReceiveAsync(LogInStream stream)
    {
        var (header, payload) = await stream.ReceiveAsync(HeaderLength, header => PayloadLength(header)).ConfigureAwait(false);
        return (payload, header[3]);
    }

    /// <summary>A length-encoded integer; <paramref name="position"/> moves behind it.</summary>
    /// <exception cref="ProtocolException">It ends too early, or is none.</exception>
    public static ulong ReadInteger(ReadOnlySpan<byte> payload, ref int position)
    {
        var first = Take(payload, ref position, 1)[0];
        return first switch
        {
            < 0xFB => first,
            0xFC => BinaryPrimitives.ReadUInt16LittleEndian(Take(payload, ref position, 2)),
            0xFD => (ulong)PayloadLength(Take(payload, ref position, 3)),
            0xFE => BinaryPrimitives.ReadUInt64LittleEndian(Take(payload, ref position, 8)),
            _ => throw new ProtocolException($"{first:X2} begins no length-encoded integer"),
        };
    }

    /// <summary>Text up to a NUL; <paramref name="position"/> moves behind that.</summary>
    public static string ReadTerminated(ReadOnlySpan<byte> payload, ref int position)
    {
        var length = payload[Math.Min(position, payload.Length)..].IndexOf((byte)0);
        if (length < 0)
            throw new ProtocolException("a MySQL text without its end");
        var text = Encoding.UTF8.GetString(Take(payload, ref position, length));
        position++;
        return text;
    }

    /// <summary>A number of bytes; <paramref name="position"/> moves behind them.</summary>
    public static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> payload, ref int position, int count)
    {
        if (count < 0 || payload.Length - position < count)
            throw new ProtocolException("a MySQL packet that ends too early");
        position += count;
        return payload.Slice(position - count, count);
    }

    /// <summary>A packet.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> payload, int sequence) =>
        [(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), (byte)sequence, .. payload];

    /// <summary>A packet that says yes: nothing affected, autocommit.</summary>
    public static byte[] OkPacket(int sequence) => Frame([Ok, 0, 0, 2, 0, 0, 0], sequence);

    /// <summary>A packet that says no.</summary>
    public static byte[] ErrorPacket(int sequence, int code, string state, string text, bool withState = true)
    {
        var stated = withState ? Encoding.ASCII.GetBytes("#" + state) : [];
        return Frame([Error, (byte)code, (byte)(code >> 8), .. stated, .. Encoding.UTF8.GetBytes(text)], sequence);
    }
}
