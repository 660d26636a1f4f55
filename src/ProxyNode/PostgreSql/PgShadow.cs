using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;
using JustRunIt.ProxyNode.Sockets;
using JustRunIt.ProxyNode.Sql;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// PostgreSQL at a cloned server: a log-in of its own with the rules' credentials and the on-line connection's parameters and
/// prepared statements; cancel requests with the clone's key.
/// </summary>
internal sealed class PgShadow(PgDialogue online, ServiceRules rules, Identities identities) : ShadowSession(rules)
{
    // serialization_failure, deadlock_detected, lock_not_available, query_canceled: they depend on others or on time.
    private static readonly HashSet<int> GivenUp = [.. ((string[])["40001", "40P01", "55P03", "57014"]).Select(PgMessage.StateOf)];

    // A statement that fails the same way everywhere: the transaction is failed, as it was at the original.
    private static readonly byte[] Failure = PgMessage.Frame('Q', "DO $$ BEGIN RAISE 'given up by the original'; END $$\0"u8);

    private readonly ServiceRules rules = rules;
    private readonly byte[][] prepared = [.. online.Statements.Values];

    /// <inheritdoc />
    public override Dialogue Open() => new PgDialogue();

    /// <inheritdoc />
    public override async Task LogInAsync(LoopSocket clone, Dialogue dialogue)
    {
        if (online.IsCancel)
            return;
        var stream = PgMessage.Open(clone);
        await stream.SendAsync(online.Startup).ConfigureAwait(false);
        await AuthenticateAsync(stream).ConfigureAwait(false);
        if (prepared.Length > 0)
        {
            byte[] asked = [.. prepared.SelectMany(body => PgMessage.Frame('P', body)), .. PgMessage.Frame('S', [])];
            await stream.SendAsync(asked).ConfigureAwait(false);
            while ((await PgMessage.ReceiveAsync(stream).ConfigureAwait(false)).Type != 'Z')
            {
            }
        }

        ((PgDialogue)dialogue).StartAtRequests();
    }

    /// <inheritdoc />
    public override ReplyReader OpenReply(Exchange exchange) => new(rules);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> request)
    {
        if (!online.IsCancel || request.Length < 16 || identities.OfClone(Convert.ToHexString(request.Span[8..])) is not { } key)
            return request;
        return (byte[])[.. request.Span[..8], .. Convert.FromHexString(key)];
    }

    /// <summary>
    /// A request that the original gave up because of a lock or of a time is not repeated: something that fails takes its
    /// place.
    /// </summary>
    public override ReadOnlyMemory<byte> Repeat(Exchange exchange, out int preceding)
    {
        if (exchange.Order is SqlOrder.Any or SqlOrder.Reads || !GivenUp.Contains(exchange.Online.Status))
            return base.Repeat(exchange, out preceding);
        preceding = 0;
        exchange.IsReplaced = true;
        return Failure;
    }

    /// <inheritdoc />
    public override bool IsGivenUp(int status) => GivenUp.Contains(status);

    /// <inheritdoc />
    public override bool MayDiffer(ReadOnlySpan<byte> request) =>
        Encoding.UTF8.GetString(request).Contains("pg_backend_pid(", StringComparison.OrdinalIgnoreCase);

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
                    if (online.CancelKey.Length > 0)
                        identities.Pair(Convert.ToHexString(online.CancelKey), Convert.ToHexString(body));
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

    private string Parameter(string name)
    {
        for (var at = 8; at < online.Startup.Length - 1;)
        {
            var key = PgMessage.ReadText(online.Startup, ref at);
            var value = PgMessage.ReadText(online.Startup, ref at);
            if (key == name)
                return value;
        }

        return "";
    }
}
