using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// PostgreSQL at a cloned server: a log-in of its own with the rules' credentials and the on-line connection's parameters and
/// prepared statements; cancel requests with the clone's key.
/// </summary>
internal sealed partial class PgShadow(PgDialogue online, ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    // serialization_failure, deadlock_detected, lock_not_available, query_canceled: they depend on others or on time.
    private static readonly HashSet<int> GivenUp = [.. ((string[])["40001", "40P01", "55P03", "57014"]).Select(PgMessage.StateOf)];

    // A statement that fails the same way everywhere: the transaction is failed, as it was at the original.
    private static readonly byte[] Failure = PgMessage.Frame('Q', "DO $$ BEGIN RAISE 'given up by the original'; END $$\0"u8);

    private readonly ServiceRules rules = rules;
    private readonly KeyValuePair<string, byte[]>[] preparedBefore = [.. online.Statements];
    private readonly PgSessionState stateBefore = Copy(online.State);
    private PgDialogue? current;
    private byte[] cancelKey = [];

    /// <inheritdoc />
    public override bool KeepsState => true;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> CancelRequest => cancelKey.Length == 0 ? default : PgMessage.Cancel(cancelKey);

    /// <inheritdoc />
    public override Dialogue Open() => new PgDialogue();

    /// <summary>
    /// Logs in, and makes the session again: as it was when the on-line connection was joined, or where the connection was that this one
    /// replaces.
    /// </summary>
    /// <exception cref="StateLostException">It had something that no statement makes again.</exception>
    public override async Task LogInAsync(LoopSocket clone, Dialogue dialogue)
    {
        if (online.IsCancel)
            return;
        var (state, prepared) = current is null ? (stateBefore, preparedBefore) : (current.State, [.. current.Statements]);
        if (current is { IsInTransaction: true } or { IsInCopy: true })
            throw new StateLostException("the clone's connection was replaced within a transaction");
        if (state.Lost is { } lost)
            throw new StateLostException($"{lost} of the session is not on the clone's new connection");
        var stream = PgMessage.Open(clone);
        await stream.SendAsync(online.Startup).ConfigureAwait(false);
        await AuthenticateAsync(stream).ConfigureAwait(false);
        foreach (var statement in state.Statements)
        {
            await stream.SendAsync(PgMessage.Frame('Q', Encoding.UTF8.GetBytes(statement + "\0"))).ConfigureAwait(false);
            await ReadyAsync(stream, statement).ConfigureAwait(false);
        }

        if (prepared.Length > 0)
        {
            // Each by itself: one whose table is gone takes none of the others with it.
            byte[] asked = [.. prepared.SelectMany(pair => (byte[])[.. PgMessage.Frame('P', pair.Value), .. PgMessage.Frame('S', [])])];
            await stream.SendAsync(asked).ConfigureAwait(false);
            for (var ready = 0; ready < prepared.Length;)
                ready += (await PgMessage.ReceiveAsync(stream).ConfigureAwait(false)).Type == 'Z' ? 1 : 0;
        }

        var continued = (PgDialogue)dialogue;
        continued.StartAtRequests();
        continued.Continue(prepared, state);
        current = continued;
    }

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new PgReplyReader(rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        if (!online.IsCancel)
            return PgProcessNumbers.Replace(request, current, identities);
        return request.Length >= 16 && identities.OfClone(Convert.ToHexString(request.Span[8..])) is { } key
            ? PgMessage.Cancel(Convert.FromHexString(key))
            : request;
    }

    /// <summary>
    /// A request that the original gave up because of a lock or of a time is not repeated: something that fails takes its
    /// place. Copy data go only to a clone that waits for them, and one that waits for what never comes is told so first.
    /// </summary>
    public override ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        preceding = current?.Unanswered ?? 0;
        var request = exchange.RequestBytes;
        var isGivenUp = exchange.Order is not (SqlOrder.Any or SqlOrder.Reads) && GivenUp.Contains(exchange.Online.Status);
        if (online.IsCancel || current is null || request.IsEmpty)
            return Rewrite(request);
        if ((char)request.Span[0] is 'd' or 'c' or 'f')
            return RepeatCopy(exchange, isGivenUp);
        byte[] before = [];
        if (current.IsInCopy && !exchange.IsOneWay)
        {
            before = EndOfCopy(current.IsExtendedCopy);
            preceding++;
        }

        if (!isGivenUp)
            return before.Length == 0 ? Rewrite(request) : (byte[])[.. before, .. Rewrite(request).Span];
        exchange.IsReplaced = true;
        // What was prepared stays prepared, also where what came after it failed.
        var named = PgMessage.NamedParses(request.Span);
        if (named.Length > 0)
            preceding++;
        return (byte[])[.. before, .. named, .. Failure];
    }

    private ReadOnlyMemory<byte> RepeatCopy(Exchange exchange, bool isGivenUp)
    {
        var request = exchange.RequestBytes;
        if (!current!.IsInCopy)
        {
            exchange.NotSent = exchange.IsOneWay ? null : GiveUpReason.Diverged;
            return default;
        }

        var last = PgMessage.CopyEnds(request.Span);
        if (isGivenUp && last != 'f')
        {
            exchange.IsReplaced = true;
            return EndOfCopy(current.IsExtendedCopy);
        }

        // Where the original broke the copy off, its client may not have ended it.
        return last is 'c' or 'f' ? request : (byte[])[.. request.Span, .. EndOfCopy(current.IsExtendedCopy)];
    }

    private static byte[] EndOfCopy(bool isExtended)
    {
        var fail = PgMessage.Frame('f', "given up by the original\0"u8);
        return isExtended ? [.. fail, .. PgMessage.Frame('S', [])] : fail;
    }

    private static PgSessionState Copy(PgSessionState state)
    {
        var copy = new PgSessionState(new PgStatements());
        copy.Continue(state);
        return copy;
    }

    private static async Task ReadyAsync(LogInStream stream, string statement)
    {
        string? failed = null;
        while (true)
        {
            var (type, body) = await PgMessage.ReceiveAsync(stream).ConfigureAwait(false);
            if (type == 'E')
                failed = Encoding.UTF8.GetString(body).Replace('\0', ' ');
            if (type != 'Z')
                continue;
            // What a session lets go of need not be there anew.
            if (failed is not null && !statement.StartsWith("DEALLOCATE", StringComparison.OrdinalIgnoreCase))
                throw new StateLostException($"a setting of the session was refused: {failed}");
            return;
        }
    }

    /// <inheritdoc />
    public override bool IsGivenUp(int status) => GivenUp.Contains(status);

    /// <summary>Whether a statement asks a server for what it counts itself: sessions, transactions, places in its log.</summary>
    public override bool MayDiffer(ReadOnlySpan<byte> request) => OwnNumbers().IsMatch(Encoding.UTF8.GetString(request));

    /// <inheritdoc />
    public override SqlOrder OrderOf(ReadOnlySpan<byte> request)
    {
        var order = SqlOrder.Any;
        while (request.Length >= PgMessage.HeaderLength && !online.IsCancel && order != SqlOrder.Ordered)
        {
            var length = (int)Math.Min(PgMessage.LengthOf(request), request.Length);
            var type = (char)request[0];
            var next = type switch
            {
                'd' or 'c' or 'f' or 'F' => SqlOrder.Ordered,
                'Q' or 'P' or 'B' => SqlText.OrderOf(TextOf(type, request[PgMessage.HeaderLength..length])),
                _ => SqlOrder.Any,
            };
            order = next == SqlOrder.Any ? order : next;
            request = request[length..];
        }

        return order;
    }

    private string TextOf(char type, ReadOnlySpan<byte> body)
    {
        var at = 0;
        var first = PgMessage.ReadText(body, ref at);
        if (type == 'Q')
            return first;
        var second = PgMessage.ReadText(body, ref at);
        if (type == 'P' || second.Length == 0)
            return type == 'P' ? second : "";
        if (!online.Statements.TryGetValue(second, out var statement))
            return second;
        at = 0;
        PgMessage.ReadText(statement, ref at);
        return PgMessage.ReadText(statement, ref at);
    }

    private async Task AuthenticateAsync(LogInStream stream)
    {
        var (user, password) = (Parameter("user"), rules.Credentials.GetValueOrDefault(Parameter("user"), ""));
        PgScram? scram = null;
        while (true)
        {
            var (type, body) = await PgMessage.ReceiveAsync(stream).ConfigureAwait(false);
            switch (type)
            {
                case 'Z':
                    return;
                case 'E':
                    throw new ProtocolException($"the clone refuses the log-in: {Encoding.UTF8.GetString(body).Replace('\0', ' ')}");
                case 'K':
                    cancelKey = body;
                    if (online.CancelKey.Length >= sizeof(int) && body.Length >= sizeof(int))
                    {
                        identities.Pair(Convert.ToHexString(online.CancelKey), Convert.ToHexString(body));
                        PgProcessNumbers.Pair(online.CancelKey, body, identities);
                    }

                    break;
                case 'R':
                    var answer = Answer(body, user, password, ref scram);
                    if (answer is not null)
                        await stream.SendAsync(PgMessage.Frame('p', answer)).ConfigureAwait(false);
                    break;
            }
        }
    }

    private static byte[]? Answer(byte[] body, string user, string password, ref PgScram? scram)
    {
        switch (BinaryPrimitives.ReadInt32BigEndian(body))
        {
            case 0 or 12:
                return null;
            case 3:
                return Encoding.UTF8.GetBytes(password + "\0");
            case 5:
                var inner = Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(password + user)));
                return Encoding.UTF8.GetBytes(
                    $"md5{Convert.ToHexStringLower(MD5.HashData([.. Encoding.UTF8.GetBytes(inner), .. body[4..8]]))}\0");
            case 10:
                scram = new PgScram(password);
                var first = Encoding.UTF8.GetBytes(scram.First);
                var length = new byte[4];
                BinaryPrimitives.WriteInt32BigEndian(length, first.Length);
                return [.. Encoding.ASCII.GetBytes(PgScram.Mechanism + "\0"), .. length, .. first];
            case 11 when scram is not null:
                return Encoding.UTF8.GetBytes(scram.Final(Encoding.UTF8.GetString(body.AsSpan(4))));
            case var other:
                throw new ProtocolException(
                    $"the clone asks for authentication of kind {other}; known are none, clear text, MD5 and {PgScram.Mechanism}");
        }
    }

    [GeneratedRegex(
        @"\b(?:pg_backend_pid|pg_stat_\w+|pg_locks|txid_current\w*|pg_current_(?:xact_id|snapshot|wal)\w*|pg_postmaster_start_time"
        + @"|pg_conf_load_time|inet_server_(?:addr|port)|pg_my_temp_schema)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OwnNumbers();

    private string Parameter(string name) => PgMessage.ParameterOf(online.Startup, name);
}
