using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Requests to a PostgreSQL server. A named statement is known by its text: names are the driver's counters, and which pooled
/// connection serves a request is chance.
/// </summary>
internal sealed class PgMatcher(WildcardRules rules) : Matcher
{
    private static int connections;

    private readonly Dictionary<string, string> statements = [];
    private PgDialogue? online;

    /// <inheritdoc />
    public override void Follow(Dialogue dialogue) => online = dialogue as PgDialogue;

    /// <inheritdoc />
    public override RequestKeys? KeysOf(ReadOnlySpan<byte> request)
    {
        var (exact, wildcard, equivalent) = (new StringBuilder(), new StringBuilder(), new StringBuilder());
        List<string>? values = null;
        // A request to cancel has no type; what it cancels was recorded as it ended.
        while (request.Length >= PgMessage.HeaderLength && request[0] != 0)
        {
            var length = (int)Math.Min(PgMessage.LengthOf(request), request.Length);
            Add((char)request[0], request[PgMessage.HeaderLength..length]);
            request = request[length..];
        }

        return exact.Length == 0 ? null : new RequestKeys(
            RequestKeys.Hash(exact.ToString()), RequestKeys.Hash(wildcard.ToString()), RequestKeys.Hash(equivalent.ToString()))
        {
            Values = values,
        };

        void Add(char type, ReadOnlySpan<byte> body)
        {
            var (sql, other) = Take(type, body);
            if (type == 'X')
                return;
            exact.Append(type).Append(WildcardRules.Translate(sql, rules.Sql, Names, ref values)).Append('\0')
                .Append(WildcardRules.Translate(other, rules.Sql, Names, ref values));
            wildcard.Append(type).Append(WildcardRules.Replace(sql, rules.Sql)).Append('\0')
                .Append(WildcardRules.Replace(RequestKeys.Replace(other, rules.ByteRanges), rules.Sql));
            equivalent.Append(type).Append(SqlText.WithoutLiterals(sql));
        }
    }

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request) =>
        (byte[])[.. PgMessage.Error(fatal: false, "XX000", "No reply to such a request is on record"), .. PgMessage.Ready];

    /// <summary>Lets everyone in, and says of itself what the on-line server says.</summary>
    public override async Task<bool> GreetAsync(LoopSocket clone, Dialogue dialogue, Record record)
    {
        var stream = PgMessage.Open(clone);
        while (true)
        {
            var startup = await PgMessage.ReceiveStartupAsync(stream).ConfigureAwait(false);
            switch (BinaryPrimitives.ReadInt32BigEndian(startup))
            {
                case PgMessage.TlsRequest or PgMessage.GssRequest:
                    await stream.SendAsync("N"u8.ToArray()).ConfigureAwait(false);
                    continue;
                case PgMessage.CancelRequest:
                    return false;
            }

            if (record.Original is not PgDialogue { Parameters.Length: > 0 } original)
            {
                var error = PgMessage.Error(fatal: true, "08004", "No connection to the server is on record");
                await stream.SendAsync(error).ConfigureAwait(false);
                return false;
            }

            var number = Interlocked.Increment(ref connections);
            var letIn = PgMessage.Frame('R', new byte[4]);
            var cancelKey = PgMessage.Frame('K', [.. Number(number), .. Number(Random.Shared.Next())]);
            await stream.SendAsync((byte[])[.. letIn, .. original.Parameters, .. cancelKey, .. PgMessage.Ready]).ConfigureAwait(false);
            ((PgDialogue)dialogue).StartAtRequests();
            return true;
        }
    }

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>A message's SQL, where it has or names one, and the rest of it as Latin-1.</summary>
    private (string Sql, string Other) Take(char type, ReadOnlySpan<byte> body)
    {
        var at = 0;
        switch (type)
        {
            case 'Q':
                return (PgMessage.ReadText(body, ref at), "");
            case 'P':
                var name = PgMessage.ReadText(body, ref at);
                var sql = PgMessage.ReadText(body, ref at);
                statements[name] = sql;
                return (sql, Latin(body[at..]));
            case 'B':
                PgMessage.ReadText(body, ref at);
                return (TextOf(PgMessage.ReadText(body, ref at)), Latin(body[at..]));
            case 'D' or 'C' when body is [(byte)'S', ..]:
                at = 1;
                var statement = PgMessage.ReadText(body, ref at);
                return (TextOf(statement), "");
            case 'D' or 'C' or 'E':
                return ("", type == 'E' && body.Length >= 4 ? Latin(body[^4..]) : "");
            default:
                return ("", Latin(body));
        }
    }

    /// <summary>Of a named statement; also of one that was parsed before anything was recorded.</summary>
    private string TextOf(string statement)
    {
        if (statements.TryGetValue(statement, out var sql))
            return sql;
        if (online is null || !online.Statements.TryGetValue(statement, out var body))
            return "";
        var at = 0;
        PgMessage.ReadText(body, ref at);
        return PgMessage.ReadText(body, ref at);
    }

    private static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
