using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using JustRunIt.ProxyNode.MySql;

namespace JustRunIt.ProxyNode.Tests.Peers;

/// <summary>A MySQL client that says whatever it is told, packet by packet, as the protocol has it.</summary>
internal sealed class RawMySql : IDisposable
{
    private const uint Capabilities = 0x1 | 0x2 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>A request to execute a text.</summary>
    public static byte[] Query(string sql) => MySqlPacket.Frame([(byte)MySqlCommand.Query, .. Encoding.UTF8.GetBytes(sql)], 0);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private MySqlGreeting greeting = null!;
    private int sequence;

    private RawMySql()
    {
    }

    /// <summary>What the server calls the connection.</summary>
    public uint Connection => greeting.Connection;

    public static async Task<RawMySql> ConnectAsync(IPEndPoint at, string database, string user = "shop", string password = "secret")
    {
        var client = new RawMySql();
        await client.socket.ConnectAsync(at);
        client.greeting = MySqlGreeting.Parse(await client.ReadAsync());
        var answer = MySqlLogin.Answer(MySqlLogin.NativePassword, password, client.greeting.Challenge);
        byte[] login =
        [
            .. BitConverter.GetBytes(Capabilities), .. BitConverter.GetBytes(1 << 30), 45, .. new byte[23], .. Text(user + "\0"),
            (byte)answer.Length, .. answer, .. Text(database + "\0"), .. Text(MySqlLogin.NativePassword + "\0"),
        ];
        await client.SendAsync(login, 1);
        await client.LetInAsync(password);
        return client;
    }

    /// <summary>COM_CHANGE_USER.</summary>
    public async Task ChangeUserAsync(string user, string password, string database)
    {
        var login = new MySqlLogin(Capabilities, 0, 45, user, database);
        await SendAsync(login.ToChange(password, greeting));
        await LetInAsync(password);
    }

    /// <summary>A command that is answered with one packet.</summary>
    public async Task CommandAsync(MySqlCommand command, string argument = "")
    {
        await SendAsync([(byte)command, .. Text(argument)]);
        ThrowIfError(await ReadAsync());
    }

    /// <summary>A text; the rows that it brings, their columns behind each other.</summary>
    public async Task<string> QueryAsync(string sql)
    {
        await SendAsync([(byte)MySqlCommand.Query, .. Text(sql)]);
        return await ResultAsync(isBinary: false);
    }

    /// <summary>Prepares a statement.</summary>
    public async Task<uint> PrepareAsync(string sql)
    {
        await SendAsync([(byte)MySqlCommand.StatementPrepare, .. Text(sql)]);
        var reply = await ReadAsync();
        ThrowIfError(reply);
        foreach (var at in (int[])[7, 5])
        {
            var count = BinaryPrimitives.ReadUInt16LittleEndian(reply.AsSpan(at));
            for (var i = 0; i < count + (count > 0 ? 1 : 0); i++)
                await ReadAsync();
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(reply.AsSpan(1));
    }

    /// <summary>Sends a piece of a parameter.</summary>
    public Task SendPieceAsync(uint statement, byte parameter, string piece) =>
        SendAsync([(byte)MySqlCommand.StatementSendLongData, .. BitConverter.GetBytes(statement), parameter, 0, .. Text(piece)]);

    /// <summary>Executes a statement with one parameter: a text; none where it was sent in pieces.</summary>
    /// <param name="statement">The server's number.</param>
    /// <param name="value">The text.</param>
    /// <param name="withType">Whether the type of the parameter is told.</param>
    public async Task<string> ExecuteAsync(uint statement, string? value, bool withType = true)
    {
        byte[] type = withType ? [1, 0xFD, 0] : [0];
        byte[] sent = value is null ? [] : [(byte)value.Length, .. Text(value)];
        await SendAsync(
            [(byte)MySqlCommand.StatementExecute, .. BitConverter.GetBytes(statement), 0, 1, 0, 0, 0, 0, .. type, .. sent]);
        return await ResultAsync(isBinary: true);
    }

    /// <summary>Executes a statement with one parameter, a text; its rows are fetched.</summary>
    /// <returns>How many columns a row has.</returns>
    public async Task<int> OpenCursorAsync(uint statement, string value)
    {
        await SendAsync(
        [
            (byte)MySqlCommand.StatementExecute, .. BitConverter.GetBytes(statement), 1, 1, 0, 0, 0, 0, 1, 0xFD, 0, (byte)value.Length,
            .. Text(value),
        ]);
        var head = await ReadAsync();
        ThrowIfError(head);
        for (var i = 0; i <= head[0]; i++)
            await ReadAsync();
        return head[0];
    }

    /// <summary>The next rows of a statement that was executed so.</summary>
    public async Task<string> FetchAsync(uint statement, int columns, int rows)
    {
        await SendAsync([(byte)MySqlCommand.StatementFetch, .. BitConverter.GetBytes(statement), .. BitConverter.GetBytes(rows)]);
        return await RowsAsync(columns, isBinary: true);
    }

    public void Dispose() => socket.Dispose();

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static void ThrowIfError(byte[] payload)
    {
        if (payload[0] == MySqlPacket.Error)
            throw new InvalidOperationException(Encoding.UTF8.GetString(payload.AsSpan(3)));
    }

    private async Task LetInAsync(string password)
    {
        while (true)
        {
            var payload = await ReadAsync();
            ThrowIfError(payload);
            if (payload[0] == MySqlPacket.Ok)
                return;
            var at = 1;
            var plugin = MySqlPacket.ReadTerminated(payload, ref at);
            await SendAsync(MySqlLogin.Answer(plugin, password, payload.AsSpan(at, 20)), sequence + 1);
        }
    }

    private async Task<string> ResultAsync(bool isBinary)
    {
        var head = await ReadAsync();
        ThrowIfError(head);
        if (head[0] == MySqlPacket.Ok)
            return "";
        for (var i = 0; i <= head[0]; i++)
            await ReadAsync();
        return await RowsAsync(head[0], isBinary);
    }

    private async Task<string> RowsAsync(int columns, bool isBinary)
    {
        var rows = new StringBuilder();
        while (true)
        {
            var row = await ReadAsync();
            ThrowIfError(row);
            if (row[0] == MySqlPacket.Eof && row.Length < 9)
                return rows.ToString();
            // Behind the header and the NULLs of a binary row, and behind each length.
            for (var at = isBinary ? 1 + ((columns + 9) / 8) : 0; at < row.Length; at += 1 + row[at])
                rows.Append(Encoding.UTF8.GetString(row, at + 1, row[at]));
        }
    }

    private async Task<byte[]> ReadAsync()
    {
        var header = await ReadAsync(MySqlPacket.HeaderLength);
        sequence = header[3];
        return await ReadAsync(MySqlPacket.PayloadLength(header));
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = await socket.ReceiveAsync(bytes.AsMemory(at), patience.Token);
            at += received > 0 ? received : throw new InvalidOperationException("the server has left");
        }

        return bytes;
    }

    private async Task SendAsync(byte[] payload, int number = 0) => await socket.SendAsync(MySqlPacket.Frame(payload, number));
}
