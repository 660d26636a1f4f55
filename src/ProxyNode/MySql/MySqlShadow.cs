using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// MySQL at a cloned server: a log-in of its own with the rules' credentials, into the on-line connection's database and with
/// its prepared statements; statement numbers in the clone's.
/// </summary>
internal sealed class MySqlShadow(MySqlDialogue online, ServiceRules rules) : ShadowSession(rules)
{
    private readonly ServiceRules rules = rules;
    private readonly ConcurrentDictionary<uint, uint> clones = new();
    private readonly KeyValuePair<uint, string>[] prepared = [.. online.Statements];
    private readonly string database = online.Database;

    /// <inheritdoc />
    public override Dialogue Open() => new MySqlDialogue();

    /// <inheritdoc />
    public override async Task LogInAsync(LoopSocket clone, Dialogue dialogue)
    {
        var login = (online.Login ?? throw new ProtocolException("the on-line connection has not logged in")) with { Database = database };
        var password = rules.Credentials.GetValueOrDefault(login.User, "");
        var stream = MySqlPacket.Open(clone);
        var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        ThrowIfError(payload);
        var greeting = MySqlGreeting.Parse(payload);
        await stream.SendAsync(MySqlPacket.Frame(login.ToPayload(password, greeting), sequence + 1)).ConfigureAwait(false);
        await AuthenticateAsync(stream, greeting, password).ConfigureAwait(false);
        // Both sides' replies must have the same form: what the clone could beyond the original is not used.
        ((MySqlDialogue)dialogue).StartAtCommands(login, online.Greeting ?? greeting);
        foreach (var (number, sql) in prepared)
            await PrepareAsync(stream, number, sql, dialogue).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) =>
        new MySqlReplyReader(rules, exchange.Kind == (int)MySqlCommand.StatementPrepare);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        var bytes = request.Span;
        if (bytes.Length < MySqlPacket.HeaderLength + 5
            || (MySqlCommand)bytes[MySqlPacket.HeaderLength] is not (MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute
                or MySqlCommand.StatementClose or MySqlCommand.StatementFetch or MySqlCommand.StatementReset
                or MySqlCommand.StatementSendLongData)
            || !clones.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(MySqlPacket.HeaderLength + 1)..]), out var statement))
            return request;
        var rewritten = request.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(rewritten.AsSpan(MySqlPacket.HeaderLength + 1), statement);
        return rewritten;
    }

    /// <summary>
    /// A write gets the numbers of AUTO_INCREMENT that the original gave out, as in statement-based replication; one that the
    /// original gave up because of a lock or a limit of time is not repeated, but what that left behind is.
    /// </summary>
    public override ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        preceding = 0;
        if (exchange.Order == SqlOrder.Ordered && Instead(exchange.Online.Status) is { } instead)
        {
            exchange.IsReplaced = true;
            return Command(instead);
        }

        var request = Rewrite(exchange.RequestBytes);
        if (exchange.Order != SqlOrder.Ordered || exchange.OnlineReply is not MySqlReplyReader { FirstInserted: > 0 and var first })
            return request;
        preceding = 1;
        return (byte[])[.. Command(string.Create(CultureInfo.InvariantCulture, $"SET insert_id={first}")), .. request.Span];
    }

    /// <inheritdoc />
    public override void Pair(Exchange exchange)
    {
        if (exchange is { OnlineReply: MySqlReplyReader { Prepared: { } ours }, SandboxReply: MySqlReplyReader { Prepared: { } theirs } })
            clones[ours] = theirs;
    }

    /// <inheritdoc />
    public override bool MayDiffer(ReadOnlySpan<byte> request) =>
        Encoding.UTF8.GetString(request).Contains("connection_id(", StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc />
    public override SqlOrder OrderOf(ReadOnlySpan<byte> request)
    {
        if (request.Length <= MySqlPacket.HeaderLength)
            return SqlOrder.Any;
        var argument = request[(MySqlPacket.HeaderLength + 1)..];
        return (MySqlCommand)request[MySqlPacket.HeaderLength] switch
        {
            MySqlCommand.Query => SqlText.OrderOf(Encoding.UTF8.GetString(argument)),
            MySqlCommand.StatementExecute when argument.Length >= 4 =>
                online.Statements.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(argument), out var sql)
                    ? SqlText.OrderOf(sql)
                    : SqlOrder.Ordered,
            MySqlCommand.StatementBulkExecute => SqlOrder.Ordered,
            MySqlCommand.ChangeUser or MySqlCommand.ResetConnection => SqlOrder.EndsTransaction,
            _ => SqlOrder.Any,
        };
    }

    /// <inheritdoc />
    public override bool IsGivenUp(int status) => Instead(status) is not null;

    /// <summary>What has the effect of a statement that was given up in a way that depends on others or on time.</summary>
    private static string? Instead(int error) => error switch
    {
        // ER_LOCK_DEADLOCK: the whole transaction is gone.
        1213 => "ROLLBACK",
        // ER_LOCK_WAIT_TIMEOUT, ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT: only the statement is.
        1205 or 1317 or 1969 or 3024 => "DO 0",
        _ => null,
    };

    private static byte[] Command(string sql) => MySqlPacket.Frame([(byte)MySqlCommand.Query, .. Encoding.UTF8.GetBytes(sql)], 0);

    private static async Task AuthenticateAsync(LogInStream stream, MySqlGreeting greeting, string password)
    {
        const byte moreData = 1;
        const byte fastSuccess = 3;
        while (true)
        {
            var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
            ThrowIfError(payload);
            switch (payload[0])
            {
                case MySqlPacket.Ok:
                    return;
                case MySqlPacket.Eof:
                    var at = 1;
                    var plugin = MySqlPacket.ReadTerminated(payload, ref at);
                    var answer = MySqlLogin.Answer(plugin, password, payload.AsSpan(at).TrimEnd((byte)0));
                    await stream.SendAsync(MySqlPacket.Frame(answer, sequence + 1)).ConfigureAwait(false);
                    break;
                case moreData when payload is [_, fastSuccess]:
                    break;
                default:
                    throw new ProtocolException(
                        $"the clone wants {greeting.Plugin} over TLS; let the user log in once before, or give it "
                        + MySqlLogin.NativePassword);
            }
        }
    }

    private async Task PrepareAsync(LogInStream stream, uint number, string sql, Dialogue dialogue)
    {
        byte[] command = [(byte)MySqlCommand.StatementPrepare, .. Encoding.UTF8.GetBytes(sql)];
        dialogue.FromClient(MySqlPacket.Frame(command, 0), out _);
        await stream.SendAsync(MySqlPacket.Frame(command, 0)).ConfigureAwait(false);
        var first = true;
        for (var step = default(ServerStep); !step.Ends; first = false)
        {
            var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
            if (first && payload is [MySqlPacket.Ok, ..])
                clones[number] = BinaryPrimitives.ReadUInt32LittleEndian(payload.AsSpan(1));
            dialogue.FromServer(MySqlPacket.Frame(payload, sequence), out step);
        }
    }

    private static void ThrowIfError(byte[] payload)
    {
        if (payload is [MySqlPacket.Error, ..])
            throw new ProtocolException(
                $"the clone refuses the log-in: {Encoding.UTF8.GetString(payload.AsSpan(Math.Min(3, payload.Length)))}");
    }
}
