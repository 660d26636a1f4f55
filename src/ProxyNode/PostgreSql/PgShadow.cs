using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;

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
    private readonly PgFacts factsBefore = online.Facts;
    private PgDialogue? current;
    private byte[] cancelKey = [];

    /// <summary>Whether the numbers that sequences gave out last, which a statement may ask for, are of a connection before.</summary>
    private bool hasLostSequences = online.HasAsked;

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
        var (facts, prepared) = current is null ? (factsBefore, preparedBefore) : (current.Facts, [.. current.Statements]);
        if (current is { IsInTransaction: true } or { IsInCopy: true })
            throw new StateLostException("the clone's connection was replaced within a transaction");
        if (facts.Lost is { } lost)
            throw new StateLostException($"{lost} of the session is not on the clone's new connection");
        var stream = PgMessage.Open(clone);
        await stream.SendAsync(online.Startup).ConfigureAwait(false);
        var said = await AuthenticateAsync(stream).ConfigureAwait(false);
        foreach (var statement in facts.Statements)
        {
            await stream.SendAsync(PgMessage.Frame('Q', PgText.Terminated(statement))).ConfigureAwait(false);
            await ReadyAsync(stream).ConfigureAwait(false);
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
        continued.StartAtRequests(said: said);
        continued.Continue(prepared, facts);
        hasLostSequences |= current is { HasAsked: true };
        current = continued;
    }

    /// <inheritdoc />
    public override Unrepeated? Refuse(Exchange exchange)
    {
        var request = exchange.RequestBytes;
        if (online.IsCancel || request.IsEmpty)
            return null;
        if (hasLostSequences && AsksForSequence(request.Span))
        {
            return new Unrepeated(
                GiveUpReason.StateLost, "the number that a sequence gave out last is of a connection before", EndsSession: true);
        }

        return Judge(request) switch
        {
            PgNaming.Known => null,
            // Beside others, and where others need what it prepares, it ends nobody.
            PgNaming.Nobody => PgProcessNumbers.IsAlone(request.Span)
                ? new Unrepeated(
                    GiveUpReason.NotRepeatable, "a session to be ended has no counterpart at the clone", EndsSession: false)
                : null,
            _ => new Unrepeated(
                GiveUpReason.NotRepeatable,
                "which sessions a statement ends cannot be told from it",
                EndsSession: !PgProcessNumbers.IsAlone(request.Span)),
        };
    }

    /// <inheritdoc />
    public override string? Lost(Exchange next) =>
        current is { HasAsked: true } && !online.IsCancel && AsksForSequence(next.RequestBytes.Span)
            ? "the number that a sequence gave out last"
            : null;

    /// <inheritdoc />
    public override void Pair(Exchange exchange)
    {
        if (exchange is { OnlineReply: PgReplyReader ours, SandboxReply: PgReplyReader theirs } && ours.Transactions.Count > 0)
            PgTransactionNumbers.Pair(ours.Transactions, theirs.Transactions, identities);
        // From here on there is a number of this connection's, as far as can be told.
        if (exchange.Order == SqlOrder.Ordered)
            hasLostSequences = false;
    }

    /// <summary>Whether a request can be said in the clone's numbers. Of one that cannot be read that is for the server to say.</summary>
    private PgNaming Judge(ReadOnlyMemory<byte> request)
    {
        try
        {
            return PgProcessNumbers.Replace(request, PreparedAs, MayNameProcess, identities).Naming;
        }
        catch (Exception e) when (e is ProtocolException or ArgumentException or IndexOutOfRangeException)
        {
            return PgNaming.Known;
        }
    }

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new PgReplyReader(rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        if (!online.IsCancel)
            return PgProcessNumbers.Replace(request, PreparedAs, MayNameProcess, identities).Request;
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

    private static async Task ReadyAsync(LogInStream stream)
    {
        string? failed = null;
        while (true)
        {
            var (type, body) = await PgMessage.ReceiveAsync(stream).ConfigureAwait(false);
            if (type == 'E')
                failed = Encoding.UTF8.GetString(body).Replace('\0', ' ');
            if (type != 'Z')
                continue;
            if (failed is not null)
                throw new StateLostException($"a setting of the session was refused: {failed}");
            return;
        }
    }

    /// <inheritdoc />
    public override bool IsGivenUp(int status) => GivenUp.Contains(status);

    /// <summary>Logs in.</summary>
    /// <returns>The ParameterStatus messages that the clone said.</returns>
    /// <exception cref="LogInRefusedException">It lets nobody in so.</exception>
    private async Task<byte[]> AuthenticateAsync(LogInStream stream)
    {
        using var said = new MemoryStream();
        var (user, password) = (Parameter("user"), rules.Credentials.GetValueOrDefault(Parameter("user"), ""));
        PgScram? scram = null;
        while (true)
        {
            var (type, body) = await PgMessage.ReceiveAsync(stream).ConfigureAwait(false);
            switch (type)
            {
                case 'Z':
                    return said.ToArray();
                case 'S':
                    said.Write(PgMessage.Frame(type, body));
                    break;
                case 'E':
                    throw new LogInRefusedException(
                        $"the clone refuses the log-in: {Encoding.UTF8.GetString(body).Replace('\0', ' ')}");
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
                throw new LogInRefusedException(
                    $"the clone asks for authentication of kind {other}; known are none, clear text, MD5 and {PgScram.Mechanism}");
        }
    }

    private string Parameter(string name) => PgMessage.ParameterOf(online.Startup, name);
}
