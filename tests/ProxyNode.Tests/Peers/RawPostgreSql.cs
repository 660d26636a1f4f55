using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.ProxyNode.PostgreSql;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A client of PostgreSQL that says what it is told, message for message.</summary>
internal sealed class RawPostgreSql : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TcpClient client = new() { NoDelay = true };

    /// <summary>BackendKeyData: process and secret.</summary>
    public byte[] Key { get; private set; } = [];

    /// <summary>What NegotiateProtocolVersion said; empty when it was not.</summary>
    public byte[] Negotiated { get; private set; } = [];

    public static async Task<RawPostgreSql> ConnectAsync(
        IPEndPoint at, string database, int minor = 0, params (string Name, string Value)[] more)
    {
        var raw = new RawPostgreSql();
        await raw.client.ConnectAsync(at);
        (string Name, string Value)[] all = [("user", "shop"), ("database", database), .. more];
        var parameters = string.Concat(all.Select(pair => $"{pair.Name}\0{pair.Value}\0"));
        byte[] body = [.. Number((3 << 16) | minor), .. Encoding.UTF8.GetBytes(parameters + "\0")];
        await raw.SendAsync([.. Number(body.Length + 4), .. body]);
        await raw.LogInAsync();
        return raw;
    }

    public static byte[] Query(string sql) => PgMessage.Frame('Q', Encoding.UTF8.GetBytes(sql + "\0"));

    public static byte[] Parse(string name, string sql) => PgMessage.Frame('P', Encoding.UTF8.GetBytes($"{name}\0{sql}\0\0\0"));

    /// <summary>Parameters as texts.</summary>
    public static byte[] Bind(string portal, string statement, params string[] values) => PgMessage.Frame('B',
    [
        .. Encoding.UTF8.GetBytes($"{portal}\0{statement}\0\0\0"), (byte)(values.Length >> 8), (byte)values.Length,
        .. values.SelectMany(value => (byte[])[.. Number(Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)]), 0, 0,
    ]);

    public static byte[] DescribePortal(string portal) => PgMessage.Frame('D', Encoding.UTF8.GetBytes($"P{portal}\0"));

    public static byte[] Execute(string portal, int rows = 0) =>
        PgMessage.Frame('E', [.. Encoding.UTF8.GetBytes(portal + "\0"), .. Number(rows)]);

    public static byte[] Data(string text) => PgMessage.Frame('d', Encoding.UTF8.GetBytes(text));

    public static byte[] Flush => PgMessage.Frame('H', []);

    public static byte[] Sync => PgMessage.Frame('S', []);

    public static byte[] CopyDone => PgMessage.Frame('c', []);

    public static byte[] CopyFail => PgMessage.Frame('f', "changed my mind\0"u8);

    public async Task SendAsync(params byte[][] messages) =>
        await client.GetStream().WriteAsync(messages.SelectMany(part => part).ToArray());

    /// <summary>Reads until a message of one of some types.</summary>
    /// <returns>The types that came, and the rows' values.</returns>
    public async Task<(string Types, IReadOnlyList<string> Rows)> UntilAsync(string types)
    {
        var (seen, rows) = (new StringBuilder(), new List<string>());
        while (true)
        {
            var (type, body) = await ReceiveAsync();
            seen.Append(type);
            if (type == 'D')
                rows.Add(Row(body));
            if (types.Contains(type, StringComparison.Ordinal))
                return (seen.ToString(), rows);
        }
    }

    /// <summary>A simple query, to ReadyForQuery.</summary>
    public async Task<(string Types, IReadOnlyList<string> Rows)> AskAsync(string sql)
    {
        await SendAsync(Query(sql));
        return await UntilAsync("Z");
    }

    public void Dispose() => client.Dispose();

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static string Row(byte[] body)
    {
        var values = new List<string>();
        for (var at = 2; at < body.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at));
            at += 4;
            values.Add(length < 0 ? "NULL" : Encoding.UTF8.GetString(body, at, length));
            at += Math.Max(length, 0);
        }

        return string.Join('|', values);
    }

    private async Task LogInAsync()
    {
        PgScram? scram = null;
        while (true)
        {
            var (type, body) = await ReceiveAsync();
            switch (type)
            {
                case 'Z':
                    return;
                case 'E':
                    throw new InvalidOperationException(Encoding.UTF8.GetString(body));
                case 'K':
                    Key = body;
                    break;
                case 'v':
                    Negotiated = body;
                    break;
                case 'R' when body[3] == 3:
                    await SendAsync(PgMessage.Frame('p', "secret\0"u8));
                    break;
                case 'R' when body[3] == 10:
                    scram = new PgScram("secret");
                    var first = Encoding.UTF8.GetBytes(scram.First);
                    await SendAsync(PgMessage.Frame(
                        'p', [.. Encoding.ASCII.GetBytes(PgScram.Mechanism + "\0"), .. Number(first.Length), .. first]));
                    break;
                case 'R' when body[3] == 11:
                    await SendAsync(PgMessage.Frame('p', Encoding.UTF8.GetBytes(scram!.Final(Encoding.UTF8.GetString(body.AsSpan(4))))));
                    break;
            }
        }
    }

    private async Task<(char Type, byte[] Body)> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var header = new byte[PgMessage.HeaderLength];
        await client.GetStream().ReadExactlyAsync(header, patience.Token);
        var body = new byte[PgMessage.LengthOf(header) - PgMessage.HeaderLength];
        await client.GetStream().ReadExactlyAsync(body, patience.Token);
        return ((char)header[0], body);
    }
}
