using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JustRunIt.Samples.Hosting;

/// <summary>
/// What a tier warms up against: answers MySQL's client/server protocol ("Client/Server Protocol", MySQL source documentation)
/// in this process, any statement with one made-up row or one row changed. It never meets a client of the sample.
/// </summary>
internal sealed class DatabaseStandIn : IDisposable
{
    public const string Nickname = "nobody";
    public const string Password = "none";

    private const uint Capabilities = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x1_0000 | 0x2_0000 | 0x4_0000 | 0x8_0000;
    private const ushort Autocommit = 2;
    private const byte Utf8 = 45;
    private const byte Binary = 63;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, object[]?> rowOf;

    public DatabaseStandIn(Func<string, object[]?> rowOf)
    {
        this.rowOf = rowOf;
        listener.Start();
        _ = AcceptAsync();
    }

    public EndPoint EndPoint => listener.LocalEndpoint;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The warm-up is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            var stream = client.GetStream();
            var statements = new List<string>();
            await SendAsync(stream, 0, [Greeting()]);
            await ReceiveAsync(stream);
            await SendAsync(stream, 2, [Ok()]);
            while (await ReceiveAsync(stream) is { Length: > 0 } command && command[0] != 1)
            {
                var argument = command.AsSpan(1);
                List<byte[]> reply = command[0] switch
                {
                    0x03 => Result(Encoding.UTF8.GetString(argument), isBinary: false),
                    0x16 => Prepared(statements, Encoding.UTF8.GetString(argument)),
                    0x17 => Result(statements[BinaryPrimitives.ReadInt32LittleEndian(argument) - 1], isBinary: true),
                    0x19 => [],
                    _ => [Ok()],
                };
                await SendAsync(stream, 1, reply);
            }
        }
    }

    private List<byte[]> Prepared(List<string> statements, string sql)
    {
        statements.Add(sql);
        var row = rowOf(sql) ?? [];
        var parameters = sql.Count(c => c == '?');
        var header = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(1), statements.Count);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(5), (short)row.Length);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(7), (short)parameters);
        return [header, .. Definitions(Enumerable.Repeat<object>("", parameters)), .. Definitions(row)];
    }

    private List<byte[]> Result(string sql, bool isBinary) => rowOf(sql) is not { } row
        ? [Ok()]
        :
        [
            [(byte)row.Length],
            .. Definitions(row),
            isBinary ? BinaryRow(row) : [.. row.SelectMany(value => Lengthed(Text(value)))],
            EndOfRows,
        ];

    private static IEnumerable<byte[]> Definitions(IEnumerable<object> row)
    {
        var any = false;
        foreach (var value in row)
        {
            any = true;
            var (type, set) = value switch { int => ((byte)3, Binary), long => ((byte)8, Binary), _ => ((byte)253, Utf8) };
            yield return [.. Lengthed("def"), 0, 0, 0, .. Lengthed("c"), .. Lengthed("c"), 0x0c, set, 0, 255, 0, 0, 0, type, 0, 0, 0, 0, 0];
        }

        if (any)
            yield return EndOfRows;
    }

    private static byte[] BinaryRow(object[] row)
    {
        byte[] nulls = new byte[(row.Length + 9) / 8];
        return [0, .. nulls, .. row.SelectMany(value => value switch
        {
            int number => BitConverter.GetBytes(number),
            long number => BitConverter.GetBytes(number),
            _ => Lengthed(Text(value)),
        })];
    }

    private static byte[] EndOfRows => [0xfe, 0, 0, (byte)Autocommit, 0];

    /// <summary>One row changed, and identifier 1 given.</summary>
    private static byte[] Ok() => [0, 1, 1, (byte)Autocommit, 0, 0, 0];

    private static byte[] Greeting()
    {
        var challenge = Encoding.ASCII.GetBytes("twenty bytes of text");
        return
        [
            10, .. "10.11.0-MariaDB"u8, 0, 1, 0, 0, 0, .. challenge[..8], 0, .. BitConverter.GetBytes(
                (ushort)(Capabilities & 0xffff)), Utf8,
            .. BitConverter.GetBytes(
                Autocommit), .. BitConverter.GetBytes((ushort)(Capabilities >> 16)), 21, .. new byte[10], .. challenge[8..], 0,
            .. "mysql_native_password"u8, 0,
        ];
    }

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    /// <summary>A string of less than 251 bytes.</summary>
    private static byte[] Lengthed(string text) => [(byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    private static async Task<byte[]?> ReceiveAsync(NetworkStream stream)
    {
        var header = new byte[4];
        try
        {
            await stream.ReadExactlyAsync(header);
            var payload = new byte[header[0] | (header[1] << 8) | (header[2] << 16)];
            await stream.ReadExactlyAsync(payload);
            return payload;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task SendAsync(NetworkStream stream, byte sequence, List<byte[]> packets)
    {
        foreach (var packet in packets)
            await stream.WriteAsync((byte[])[(byte)packet.Length, (byte)(packet.Length >> 8), 0, sequence++, .. packet]);
    }
}
