using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>The client's answer to the greeting.</summary>
/// <param name="Capabilities">What both can do from here on.</param>
/// <param name="MariaDbCapabilities">What both can do beyond, with MariaDB.</param>
/// <param name="Charset">
/// Character set and collation of the connection: a collation's number, of which a log-in has the low byte only, COM_CHANGE_USER both.
/// </param>
/// <param name="User">Who logs in.</param>
/// <param name="Database">Default database; empty for none.</param>
internal sealed record MySqlLogin(uint Capabilities, uint MariaDbCapabilities, ushort Charset, string User, string Database)
{
    /// <summary>What it answered to the greeting's challenge.</summary>
    public byte[] Response { get; init; } = [];

    /// <summary>How it answered.</summary>
    public string Plugin { get; init; } = NativePassword;

    /// <summary>SHA-1 challenge and response.</summary>
    public const string NativePassword = "mysql_native_password";

    /// <summary>SHA-256 challenge and response, with a cache at the server.</summary>
    public const string CachingSha2 = "caching_sha2_password";

    /// <summary>Where MariaDB's own capabilities are: behind capabilities, longest packet, character set and 19 bytes of nothing.</summary>
    private const int OwnOfMariaDb = 4 + 4 + 1 + 19;

    /// <summary>Whether a log-in alone can name its collation.</summary>
    public bool FitsLogIn => Charset <= byte.MaxValue;

    private const int LongPassword = 1;
    private const uint LongestPacket = 1 << 30;

    /// <summary>Reads a payload.</summary>
    /// <exception cref="ProtocolException">It asks for TLS or compression, or ends too early.</exception>
    public static MySqlLogin Parse(ReadOnlySpan<byte> payload)
    {
        var at = 0;
        var capabilities = BinaryPrimitives.ReadUInt32LittleEndian(MySqlPacket.Take(payload, ref at, 4));
        if ((capabilities & MySqlPacket.Tls) != 0)
            throw new ProtocolException("TLS between MySQL client and server cannot be relayed; connect without");
        if ((capabilities & MySqlPacket.Compress) != 0)
            throw new ProtocolException("compression between MySQL client and server cannot be relayed; connect without");
        MySqlPacket.Take(payload, ref at, 4);
        var charset = MySqlPacket.Take(payload, ref at, 1)[0];
        MySqlPacket.Take(payload, ref at, 19);
        var mariaDb = BinaryPrimitives.ReadUInt32LittleEndian(MySqlPacket.Take(payload, ref at, 4));
        var user = MySqlPacket.ReadTerminated(payload, ref at);
        byte[] response;
        if ((capabilities & MySqlPacket.LengthEncodedAuthentication) != 0)
            response = MySqlPacket.Take(payload, ref at, (int)Math.Min(MySqlPacket.ReadInteger(payload, ref at), int.MaxValue)).ToArray();
        else if ((capabilities & MySqlPacket.SecureConnection) != 0)
            response = MySqlPacket.Take(payload, ref at, MySqlPacket.Take(payload, ref at, 1)[0]).ToArray();
        else
            response = Encoding.UTF8.GetBytes(MySqlPacket.ReadTerminated(payload, ref at));
        var database = (capabilities & MySqlPacket.ConnectWithDatabase) != 0 && at < payload.Length
            ? MySqlPacket.ReadTerminated(payload, ref at)
            : "";
        return new MySqlLogin(capabilities, (capabilities & LongPassword) == 0 ? mariaDb : 0, charset, user, database)
        {
            Response = response,
            Plugin = (capabilities & MySqlPacket.PluginAuthentication) != 0 && at < payload.Length
                ? MySqlPacket.ReadTerminated(payload, ref at)
                : NativePassword,
        };
    }

    /// <summary>
    /// Takes out of a log-in, in place, what the greeting did not offer: a client may set it all the same, and the server, which knows
    /// nothing of the greeting's change, would go by it. Encryption and compression are refused instead (<see cref="Parse"/>).
    /// </summary>
    /// <param name="payload">From the client.</param>
    public static void Restrict(Span<byte> payload)
    {
        const uint refused = MySqlPacket.Tls | MySqlPacket.Compress;
        if (payload.Length < sizeof(uint))
            return;
        var capabilities = BinaryPrimitives.ReadUInt32LittleEndian(payload);
        BinaryPrimitives.WriteUInt32LittleEndian(payload, capabilities & ~(MySqlPacket.NotRelayed & ~refused));
        if ((capabilities & LongPassword) != 0 || payload.Length < OwnOfMariaDb + sizeof(uint))
            return;
        var own = payload.Slice(OwnOfMariaDb, sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(own, BinaryPrimitives.ReadUInt32LittleEndian(own) & ~MySqlPacket.NotRelayedOfMariaDb);
    }

    /// <summary>
    /// Reads the argument of COM_CHANGE_USER, which says of a log-in only what may be another (MySQL internals manual,
    /// "COM_CHANGE_USER").
    /// </summary>
    /// <param name="argument">From behind the command on.</param>
    /// <exception cref="ProtocolException">It ends too early.</exception>
    public MySqlLogin Change(ReadOnlySpan<byte> argument)
    {
        var at = 0;
        var user = MySqlPacket.ReadTerminated(argument, ref at);
        var response = (Capabilities & MySqlPacket.SecureConnection) != 0
            ? MySqlPacket.Take(argument, ref at, MySqlPacket.Take(argument, ref at, 1)[0]).ToArray()
            : Encoding.UTF8.GetBytes(MySqlPacket.ReadTerminated(argument, ref at));
        var database = MySqlPacket.ReadTerminated(argument, ref at);
        var charset = at + 2 <= argument.Length
            ? BinaryPrimitives.ReadUInt16LittleEndian(MySqlPacket.Take(argument, ref at, 2))
            : Charset;
        var plugin = (Capabilities & MySqlPacket.PluginAuthentication) != 0 && at < argument.Length
            ? MySqlPacket.ReadTerminated(argument, ref at)
            : NativePassword;
        return this with { User = user, Response = response, Database = database, Charset = charset, Plugin = plugin };
    }

    /// <summary>COM_CHANGE_USER to this log-in, on a connection that another one has opened.</summary>
    /// <param name="password">The user's.</param>
    /// <param name="greeting">Of the server, with the challenge that it sent last.</param>
    public byte[] ToChange(string password, MySqlGreeting greeting)
    {
        var plugin = greeting.Plugin is NativePassword or CachingSha2 ? greeting.Plugin : NativePassword;
        var answer = Answer(plugin, password, greeting.Challenge);
        return
        [
            (byte)MySqlCommand.ChangeUser, .. Encoding.UTF8.GetBytes(User + "\0"), (byte)answer.Length, .. answer,
            .. Encoding.UTF8.GetBytes(Database + "\0"), .. BitConverter.GetBytes(Charset), .. Encoding.ASCII.GetBytes(plugin + "\0"),
        ];
    }

    /// <summary>The same log-in at another server.</summary>
    public byte[] ToPayload(string password, MySqlGreeting greeting)
    {
        // Nor is a clone ever given a file.
        const uint Own = MySqlPacket.ConnectAttributes | MySqlPacket.LengthEncodedAuthentication | MySqlPacket.ConnectWithDatabase
            | MySqlPacket.LocalFiles;
        var capabilities = (Capabilities & ~Own)
            | MySqlPacket.SecureConnection | MySqlPacket.PluginAuthentication | (Database.Length > 0 ? MySqlPacket.ConnectWithDatabase : 0);
        var plugin = greeting.Plugin is NativePassword or CachingSha2 ? greeting.Plugin : NativePassword;
        var answer = Answer(plugin, password, greeting.Challenge);
        var payload = new MemoryStream();
        payload.Write(BitConverter.GetBytes(capabilities));
        payload.Write(BitConverter.GetBytes(LongestPacket));
        payload.WriteByte((byte)Charset);
        payload.Write(new byte[19]);
        payload.Write(BitConverter.GetBytes(MariaDbCapabilities & greeting.MariaDbCapabilities));
        payload.Write(Encoding.UTF8.GetBytes(User + "\0"));
        payload.WriteByte((byte)answer.Length);
        payload.Write(answer);
        if (Database.Length > 0)
            payload.Write(Encoding.UTF8.GetBytes(Database + "\0"));
        payload.Write(Encoding.ASCII.GetBytes(plugin + "\0"));
        return payload.ToArray();
    }

    /// <summary>The answer to a challenge.</summary>
    /// <exception cref="ProtocolException">The server wants it in a way that is not known here.</exception>
    public static byte[] Answer(string plugin, string password, ReadOnlySpan<byte> challenge)
    {
        if (password.Length == 0)
            return [];
        var secret = Encoding.UTF8.GetBytes(password);
        challenge = challenge[..Math.Min(20, challenge.Length)];
        switch (plugin)
        {
            // SHA1(password) XOR SHA1(challenge, SHA1(SHA1(password)))
            case NativePassword:
                var once = SHA1.HashData(secret);
                return Xor(once, SHA1.HashData([.. challenge, .. SHA1.HashData(once)]));
            // SHA256(password) XOR SHA256(SHA256(SHA256(password)), challenge)
            case CachingSha2:
                var hashed = SHA256.HashData(secret);
                return Xor(hashed, SHA256.HashData([.. SHA256.HashData(hashed), .. challenge]));
            default:
                throw new ProtocolException(
                    $"the clone asks for authentication plugin {plugin}; known are {NativePassword} and {CachingSha2}");
        }
    }

    private static byte[] Xor(byte[] a, byte[] b) => [.. a.Zip(b, (x, y) => (byte)(x ^ y))];
}
