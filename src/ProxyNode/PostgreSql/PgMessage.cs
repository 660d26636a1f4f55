using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>Framing and codes of the frontend/backend protocol 3 (PostgreSQL manual, "Frontend/Backend Protocol").</summary>
internal static class PgMessage
{
    /// <summary>Type in one byte, length in four.</summary>
    public const int HeaderLength = 5;

    /// <summary>SSLRequest, instead of a protocol version.</summary>
    public const int TlsRequest = 80877103;

    /// <summary>GSSENCRequest, instead of a protocol version.</summary>
    public const int GssRequest = 80877104;

    /// <summary>CancelRequest, instead of a protocol version.</summary>
    public const int CancelRequest = 80877102;

    /// <summary>Protocol 3; the lower half is the minor version.</summary>
    public const int MajorVersion = 3;

    /// <summary>Length in four bytes: a first message has no type.</summary>
    private const int StartupHeaderLength = 4;

    /// <summary>Messages of a log-in over a socket.</summary>
    public static LogInStream Open(LoopSocket socket) => new(socket, "PostgreSQL");

    /// <summary>Receives one message of a log-in.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the message is too long.</exception>
    public static async Task<(char Type, byte[] Body)> ReceiveAsync(LogInStream stream)
    {
        var (header, body) = await stream.ReceiveAsync(HeaderLength, header => LengthOf(header) - HeaderLength).ConfigureAwait(false);
        return ((char)header[0], body);
    }

    /// <summary>Receives the body of a first message: a version or another code, and what belongs to it.</summary>
    /// <exception cref="ProtocolException">The peer has left, or the message is none.</exception>
    public static async Task<byte[]> ReceiveStartupAsync(LogInStream stream)
    {
        var (_, body) = await stream.ReceiveAsync(
            StartupHeaderLength,
            header => Math.Max(BinaryPrimitives.ReadInt32BigEndian(header) - (long)StartupHeaderLength, sizeof(int))).ConfigureAwait(false);
        return body;
    }

    /// <summary>Length of a message that begins here, header included.</summary>
    /// <exception cref="ProtocolException">No message is so short.</exception>
    public static long LengthOf(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt32BigEndian(header[1..]) is >= 4 and <= int.MaxValue and var length
            ? 1 + (long)length
            : throw new ProtocolException("a PostgreSQL message with an impossible length");

    /// <summary>Text up to a NUL; <paramref name="position"/> moves behind that.</summary>
    /// <exception cref="ProtocolException">It has no end.</exception>
    public static string ReadText(ReadOnlySpan<byte> body, ref int position)
    {
        var length = body[Math.Min(position, body.Length)..].IndexOf((byte)0);
        if (length < 0)
            throw new ProtocolException("a PostgreSQL text without its end");
        var text = LosslessText.Of(body.Slice(position, length));
        position += length + 1;
        return text;
    }

    /// <summary>A parameter of a start-up message, length and version included; empty when it has none such.</summary>
    public static string ParameterOf(ReadOnlySpan<byte> startup, string name) =>
        ParametersOf(startup).Find(parameter => parameter.Name == name).Value ?? "";

    /// <summary>The parameters of a start-up message, length and version included; none of an empty one.</summary>
    public static List<(string Name, string Value)> ParametersOf(ReadOnlySpan<byte> startup)
    {
        var parameters = new List<(string, string)>();
        for (var at = StartupHeaderLength + sizeof(int); at < startup.Length - 1;)
            parameters.Add((ReadText(startup, ref at), ReadText(startup, ref at)));
        return parameters;
    }

    /// <summary>The names of a start-up message's options of the protocol: they begin with <c>_pq_.</c>.</summary>
    public static IReadOnlyList<string> OptionsOf(ReadOnlySpan<byte> startup)
    {
        var options = new List<string>();
        for (var at = StartupHeaderLength + sizeof(int); at < startup.Length - 1;)
        {
            var key = ReadText(startup, ref at);
            ReadText(startup, ref at);
            if (key.StartsWith("_pq_.", StringComparison.Ordinal))
                options.Add(key);
        }

        return options;
    }

    /// <summary>NegotiateProtocolVersion: the newest minor version that is spoken, and options that are not known.</summary>
    public static byte[] Negotiate(int minor, IReadOnlyList<string> options)
    {
        var numbers = new byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(numbers, (MajorVersion << 16) | minor);
        BinaryPrimitives.WriteInt32BigEndian(numbers.AsSpan(sizeof(int)), options.Count);
        return Frame('v', [.. numbers, .. options.SelectMany(option => Encoding.UTF8.GetBytes(option + "\0"))]);
    }

    /// <summary>
    /// Whether a start-up message, length and version included, asks for a connection of replication: physical or logical.
    /// </summary>
    public static bool AsksForReplication(ReadOnlySpan<byte> startup)
    {
        // A boolean as any of PostgreSQL's, or a database's: on, off, true, false, yes, no, 1, 0, and beginnings of these.
        var value = ParameterOf(startup, "replication").ToLowerInvariant();
        return value is "1" or "on" or "database" || (value.Length > 0 && ("true".StartsWith(value, StringComparison.Ordinal)
            || "yes".StartsWith(value, StringComparison.Ordinal)));
    }

    /// <summary>The status of an error that says no SQLSTATE.</summary>
    public const int UnknownState = 1;

    /// <summary>The SQLSTATE of an error's body as a number of base 36, so that it fits a status.</summary>
    public static int StateOf(ReadOnlySpan<byte> body)
    {
        const int length = 5;
        while (body.Length > 1 && body[0] != 0)
        {
            var end = body.IndexOf((byte)0);
            if (end < 0)
                break;
            if (body[0] == 'C' && end == 1 + length)
                return StateOf(Encoding.ASCII.GetString(body[1..end]));
            body = body[(end + 1)..];
        }

        return UnknownState;
    }

    /// <summary>A SQLSTATE as a number of base 36.</summary>
    public static int StateOf(string state) => state.Aggregate(0, (number, c) => (number * 36) + (c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'A' and <= 'Z' => c - 'A' + 10,
        _ => 0,
    }));

    /// <summary>A message.</summary>
    public static byte[] Frame(char type, ReadOnlySpan<byte> body)
    {
        var message = new byte[HeaderLength + body.Length];
        message[0] = (byte)type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        body.CopyTo(message.AsSpan(HeaderLength));
        return message;
    }

    /// <summary>An error that leaves the connection as it is, or ends it.</summary>
    public static byte[] Error(bool fatal, string state, string text) => Frame(
        'E', Encoding.UTF8.GetBytes($"S{(fatal ? "FATAL" : "ERROR")}\0V{(fatal ? "FATAL" : "ERROR")}\0C{state}\0M{text}\0\0"));

    /// <summary>Asks to cancel what is done for a connection.</summary>
    /// <param name="key">Process and secret, as BackendKeyData has them: eight bytes, or more from version 3.2 on.</param>
    public static byte[] Cancel(ReadOnlySpan<byte> key)
    {
        var message = new byte[StartupHeaderLength + sizeof(int) + key.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(StartupHeaderLength), CancelRequest);
        key.CopyTo(message.AsSpan(StartupHeaderLength + sizeof(int)));
        return message;
    }

    /// <summary>The first of several messages, or what is there of it; they go on behind it.</summary>
    /// <param name="messages">At least a header.</param>
    public static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> messages)
    {
        var first = messages[..(int)Math.Min(LengthOf(messages), messages.Length)];
        messages = messages[first.Length..];
        return first;
    }

    /// <summary>How the copy data of a request end: c (CopyDone), f (CopyFail), or NUL when they do not.</summary>
    public static char CopyEnds(ReadOnlySpan<byte> request)
    {
        var last = '\0';
        while (request.Length >= HeaderLength)
        {
            var type = (char)Next(ref request)[0];
            last = type is 'c' or 'f' ? type : last;
        }

        return last;
    }

    /// <summary>The messages of a request that prepare a statement with a name, and a Sync behind them; empty when there is none.</summary>
    public static byte[] NamedParses(ReadOnlySpan<byte> request)
    {
        using var named = new MemoryStream();
        while (request.Length >= HeaderLength)
        {
            var message = Next(ref request);
            if (message[0] == 'P' && message.Length > HeaderLength && message[HeaderLength] != 0)
                named.Write(message);
        }

        if (named.Length > 0)
            named.Write(Frame('S', []));
        return named.ToArray();
    }

    /// <summary>The server waits for a request, outside a transaction.</summary>
    public static byte[] Ready => Frame('Z', "I"u8);
}
