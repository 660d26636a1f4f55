using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// Commands to a MySQL server. A prepared statement is known by its text, since its number is chance; so is which pooled
/// connection serves a request.
/// </summary>
internal sealed class MySqlMatcher(WildcardRules rules) : Matcher
{
    private const uint LastPrepared = uint.MaxValue;
    private const int NotOnRecord = 1105;

    private static int connections;

    private readonly Dictionary<uint, string> statements = [];
    private string lastPrepared = "";
    private MySqlDialogue? online;
    private uint issued;

    /// <inheritdoc />
    public override void Follow(Dialogue dialogue) => online = dialogue as MySqlDialogue;

    /// <inheritdoc />
    public override bool Lasts(int kind) => kind == (int)MySqlCommand.StatementPrepare;

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request)
    {
        var payload = Join(request);
        var command = (MySqlCommand)payload[0];
        var argument = payload.AsSpan(1);
        switch (command)
        {
            case MySqlCommand.Query:
                return Keys("query", Encoding.UTF8.GetString(argument), "");
            case MySqlCommand.StatementPrepare:
                lastPrepared = Encoding.UTF8.GetString(argument);
                return Keys("prepare", lastPrepared, "") with { IsLasting = true };
            case MySqlCommand.StatementExecute or MySqlCommand.StatementFetch or MySqlCommand.StatementBulkExecute
                when argument.Length >= 4:
                return Keys(
                    command.ToString(),
                    TextOf(BinaryPrimitives.ReadUInt32LittleEndian(argument)),
                    Encoding.Latin1.GetString(argument[4..]));
            case MySqlCommand.StatementClose when argument.Length >= 4:
                statements.Remove(BinaryPrimitives.ReadUInt32LittleEndian(argument));
                return null;
            case MySqlCommand.ResetConnection:
                statements.Clear();
                return null;
            case MySqlCommand.Ping or MySqlCommand.StatementReset or MySqlCommand.SetOption or MySqlCommand.InitDb
                or MySqlCommand.Quit or MySqlCommand.StatementSendLongData or MySqlCommand.StatementClose:
                return null;
            default:
                return Keys(command.ToString(), Encoding.Latin1.GetString(argument), "");
        }
    }

    /// <inheritdoc />
    public override ReadOnlySpan<byte> Keep(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        if (IsPrepared(request, reply))
            statements[BinaryPrimitives.ReadUInt32LittleEndian(reply[5..])] = lastPrepared;
        return reply;
    }

    /// <summary>With a number of this connection's own for a statement that it prepares.</summary>
    public override ReadOnlyMemory<byte> Adapt(ReadOnlySpan<byte> request, byte[] reply)
    {
        if (!IsPrepared(request, reply))
            return reply;
        var adapted = reply.ToArray();
        statements[++issued] = lastPrepared;
        BinaryPrimitives.WriteUInt32LittleEndian(adapted.AsSpan(5), issued);
        return adapted;
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Local(ReadOnlySpan<byte> request) => MySqlPacket.OkPacket(1);

    /// <summary>
    /// A connection's settings (SET) are accepted: a stand-in has none, and the on-line server may have made its own long ago.
    /// </summary>
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) => SetsSomething(request)
        ? MySqlPacket.OkPacket(1)
        : MySqlPacket.ErrorPacket(1, NotOnRecord, "HY000", "No reply to such a command is on record");

    /// <summary>Greets as the on-line server does, and lets everyone in: there is nothing to steal but the record.</summary>
    public override async Task<bool> GreetAsync(LoopSocket clone, Dialogue dialogue, Record record)
    {
        if (record.Original is not MySqlDialogue { Greeting: { } original })
        {
            var error = MySqlPacket.ErrorPacket(0, NotOnRecord, "HY000", "No connection to the server is on record", withState: false);
            await clone.SendAsync(error).ConfigureAwait(false);
            return false;
        }

        // A challenge holds no NUL.
        var greeting = original with { Challenge = [.. RandomNumberGenerator.GetBytes(20).Select(b => (byte)((b % 94) + 33))] };
        var stream = MySqlPacket.Open(clone);
        await stream.SendAsync(MySqlPacket.Frame(greeting.ToPayload(Interlocked.Increment(ref connections)), 0)).ConfigureAwait(false);
        var (payload, sequence) = await MySqlPacket.ReceiveAsync(stream).ConfigureAwait(false);
        try
        {
            ((MySqlDialogue)dialogue).StartAtCommands(MySqlLogin.Parse(payload), greeting);
        }
        catch (ProtocolException e)
        {
            await clone.SendAsync(MySqlPacket.ErrorPacket(sequence + 1, 1235, "42000", e.Message)).ConfigureAwait(false);
            return false;
        }

        await clone.SendAsync(MySqlPacket.OkPacket(sequence + 1)).ConfigureAwait(false);
        return true;
    }

    /// <summary>The command's payload, packets joined.</summary>
    public static byte[] Join(ReadOnlySpan<byte> request)
    {
        var joined = new MemoryStream(request.Length);
        while (!request.IsEmpty)
        {
            var length = MySqlPacket.PayloadLength(request);
            joined.Write(request.Slice(MySqlPacket.HeaderLength, length));
            request = request[(MySqlPacket.HeaderLength + length)..];
        }

        return joined.ToArray();
    }

    private static bool SetsSomething(ReadOnlySpan<byte> request) =>
        request.Length > MySqlPacket.HeaderLength + 5 && request[MySqlPacket.HeaderLength] == (byte)MySqlCommand.Query
        && System.Text.Ascii.EqualsIgnoreCase(request.Slice(MySqlPacket.HeaderLength + 1, 4), "SET "u8);

    private static bool IsPrepared(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply) =>
        request.Length > MySqlPacket.HeaderLength && request[MySqlPacket.HeaderLength] == (byte)MySqlCommand.StatementPrepare
        && reply.Length >= MySqlPacket.HeaderLength + 12 && reply[MySqlPacket.HeaderLength] == MySqlPacket.Ok;

    private string TextOf(uint statement) =>
        statement == LastPrepared ? lastPrepared
        : statements.TryGetValue(statement, out var sql) ? sql
        : online?.Statements.GetValueOrDefault(statement) ?? "";

    private RequestKeys Keys(string kind, string sql, string parameters)
    {
        List<string>? values = null;
        return new RequestKeys(
            RequestKeys.Hash(
                kind,
                WildcardRules.Translate(sql, rules.Sql, Names, ref values),
                WildcardRules.Translate(parameters, rules.Sql, Names, ref values)),
            RequestKeys.Hash(
                kind,
                WildcardRules.Replace(sql, rules.Sql),
                WildcardRules.Replace(RequestKeys.Replace(parameters, rules.ByteRanges), rules.Sql)),
            RequestKeys.Hash(kind, SqlText.WithoutLiterals(sql)))
        {
            Values = values,
        };
    }
}
