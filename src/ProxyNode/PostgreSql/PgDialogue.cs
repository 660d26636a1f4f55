using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// PostgreSQL's protocol 3 on one connection. A request is a simple query, or everything up to a Sync; its reply ends with
/// ReadyForQuery, or where the server begins to take COPY data, which is then a request of its own. TLS and GSS encryption
/// are negotiated away; replication is relayed without being understood.
/// </summary>
/// <remarks>
/// Copy data that follow a reply are a request of their own, whose reply is what comes up to ReadyForQuery. A client of the extended
/// protocol that flushes instead of synchronizing sends them within the request; then the whole has one reply. Where the server breaks the
/// copy off, the client may stop in the middle: the next message of another kind begins a request.
/// </remarks>
internal sealed partial class PgDialogue : Dialogue
{
    private const int LongestTracked = 256 * 1024;

    private static readonly byte[] No = "N"u8.ToArray();

    private readonly MemoryStream parameters = new();
    private readonly PgStatements statements = new();
    private PgLogInHearing? hearing = new();
    private PgLogIn? logIn;
    private Phase phase;
    private int unanswered;
    private long clientLeft;
    private long serverLeft;
    private byte serverType;
    private bool inRequest;
    private bool inCopy;
    private bool copyIsExtended;
    private bool isExtended;
    private bool isCopyData;
    private bool isBrokenOff;
    private bool bringsCopy;
    private bool copyIsAnsweredLater;
    private bool isReplication;
    private bool clientEnds;
    private bool hasLeft;
    private int error;
    private char transaction = 'I';

    /// <summary>Of a new connection.</summary>
    public PgDialogue() => session = new PgSession(statements);

    private enum Phase
    {
        Startup,
        Authentication,
        Requests,
        Stream,
    }

    /// <inheritdoc />
    public override int LongestUnit => LongestTracked;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Unreachable =>
        PgMessage.Error(fatal: true, "08001", "The server behind the proxy does not listen");

    /// <inheritdoc />
    public override bool AwaitsHead => phase == Phase.Startup;

    /// <inheritdoc />
    public override bool HasLoggedIn => phase is Phase.Requests or Phase.Stream;

    /// <inheritdoc />
    public override bool IsAtRest => phase == Phase.Startup || (phase == Phase.Requests && transaction == 'I' && !inCopy);

    /// <inheritdoc />
    public override bool HasTransactions => phase == Phase.Requests;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Busy(string reason) => PgMessage.Error(fatal: true, "53300", reason);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Farewell(string reason) =>
        phase == Phase.Requests ? PgMessage.Error(fatal: true, "57P05", reason) : default;
    public override LogIn? LogIn => logIn;

    /// <summary>The client's first message; empty before.</summary>
    public byte[] Startup { get; private set; } = [];

    /// <summary>The connection was opened only to cancel what another does.</summary>
    public bool IsCancel { get; private set; }

    /// <summary>Process and secret that cancel this connection's requests; empty before the server gave them.</summary>
    public byte[] CancelKey { get; private set; } = [];

    /// <summary>What the server said of itself: the ParameterStatus messages.</summary>
    public byte[] Parameters
    {
        get
        {
            lock (parameters)
                return parameters.ToArray();
        }
    }

    /// <summary>Minor version that both sides speak (3.2: NegotiateProtocolVersion, longer keys to cancel).</summary>
    public int Minor { get; private set; }

    /// <summary>Replies that have not ended, of requests that were heard.</summary>
    public int Unanswered => unanswered;

    /// <summary>The server waits for copy data.</summary>
    public bool IsInCopy => inCopy;

    /// <summary>The copy that the server waits for was begun by the extended protocol: it ends with a Sync.</summary>
    public bool IsExtendedCopy => inCopy && copyIsExtended;

    /// <summary>A transaction is open, as far as the server has said.</summary>
    public bool IsInTransaction => transaction != 'I';

    /// <inheritdoc />
    public override string? Unrepeatable => phase == Phase.Requests && (IsInTransaction || inCopy || session.Facts.Lost is not null)
        ? "an open transaction, or what it has set up"
        : null;

    /// <summary>Settings and the like, as far as the server has said. May be read while the dialogue goes on.</summary>
    public PgFacts Facts => session.Facts;

    /// <summary>The server has done something for the session.</summary>
    public bool HasAsked => session.HasAsked;

    /// <summary>A run of a client's bytes ends with a Flush, so that what is there can be answered.</summary>
    public bool StopsAtFlush { get; set; }

    /// <summary>The last run of a client's bytes ended with a Flush.</summary>
    public bool IsAtFlush { get; private set; }

    /// <summary>Prepared statements by name, empty of the one that has none: the bodies of their Parse messages.</summary>
    public IReadOnlyDictionary<string, byte[]> Statements => statements.Prepared;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Refusal(string reason) => PgMessage.Error(fatal: true, "0A000", reason);

    /// <inheritdoc />
    /// <remarks>An error may come instead of any message, and one that is fatal ends the connection (manual, "Message Flow").</remarks>
    public override ReadOnlyMemory<byte> ReplyRefusal(string reason, bool hasBegun) => serverLeft > 0
        ? default
        : PgMessage.Error(fatal: true, "08P01", $"The server's reply is not relayed: {reason}");

    /// <summary>Goes on from after a log-in that happened elsewhere.</summary>
    /// <param name="startup">The client's first message there; null where that does not matter.</param>
    /// <param name="said">The ParameterStatus messages that the client was told there.</param>
    public void StartAtRequests(byte[]? startup = null, ReadOnlySpan<byte> said = default)
    {
        phase = Phase.Requests;
        Startup = startup ?? Startup;
        for (; said.Length >= PgMessage.HeaderLength; said = said[(int)PgMessage.LengthOf(said)..])
            Report(said[PgMessage.HeaderLength..(int)PgMessage.LengthOf(said)], isLoggingIn: true);
    }

    /// <summary>Goes on from where another connection of the same session was, which this one replaces.</summary>
    public void Continue(IEnumerable<KeyValuePair<string, byte[]>> prepared, PgFacts before)
    {
        foreach (var (name, body) in prepared)
            statements.Add(name, body);
        session.Continue(before);
    }

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        if (phase == Phase.Stream)
            return bytes.Length;
        if (phase == Phase.Startup)
            return StartupMessage(bytes, ref step);
        var taken = 0;
        IsAtFlush = false;
        while (taken < bytes.Length && !step.Ends)
        {
            if (clientLeft == 0)
            {
                if (bytes.Length - taken < PgMessage.HeaderLength)
                    break;
                var rest = bytes[taken..];
                var type = (char)rest[0];
                var beginsAnew = isBrokenOff && inRequest && type is not ('d' or 'c' or 'f');
                // A request begins with a run of bytes of its own.
                if (taken > 0 && (!inRequest || beginsAnew))
                    break;
                var length = PgMessage.LengthOf(rest);
                // A server does nothing before it has the whole message: nobody waits for what is held until then.
                // Of a simple query, however long it is, the beginning is read.
                var read = IsTracked(type, length) ? length : type == 'Q' ? LongestRead : 0;
                if (rest.Length < read)
                    break;
                inRequest &= !beginsAnew;
                ClientMessage(type, read == 0 ? [] : rest[PgMessage.HeaderLength..(int)read], isWhole: read == length, ref step);
                clientLeft = length;
                IsAtFlush = type == 'H';
            }

            var count = (int)Math.Min(clientLeft, bytes.Length - taken);
            clientLeft -= count;
            taken += count;
            if (clientLeft == 0 && clientEnds)
            {
                clientEnds = false;
                inRequest = false;
                step.Ends = true;
                step.After = hasLeft ? AfterRequest.Last : AfterRequest.GoOn;
            }
            else if (!inRequest || (IsAtFlush && StopsAtFlush && clientLeft == 0))
            {
                break;
            }
        }

        IsAtFlush &= clientLeft == 0;
        return taken;
    }

    /// <inheritdoc />
    public override int FromServer(Span<byte> bytes, out ServerStep step)
    {
        step = default;
        if (phase == Phase.Stream)
            return bytes.Length;
        var taken = 0;
        while (taken < bytes.Length && !step.Ends)
        {
            var rest = bytes[taken..];
            if (serverLeft == 0)
            {
                if (rest.Length < PgMessage.HeaderLength)
                    break;
                serverType = rest[0];
                long length;
                try
                {
                    length = PgMessage.LengthOf(rest);
                    if (IsRead((char)serverType) && length <= LongestTracked)
                    {
                        if (rest.Length < length)
                            break;
                        ServerMessage((char)serverType, rest[PgMessage.HeaderLength..(int)length]);
                    }
                }
                catch (ProtocolException) when (taken > 0)
                {
                    // What came before it is sent on; then it is refused in its place.
                    break;
                }

                serverLeft = length;
            }

            step.IsReply = phase == Phase.Requests && unanswered > 0;
            var count = (int)Math.Min(serverLeft, rest.Length);
            serverLeft -= count;
            taken += count;
            if (serverLeft > 0)
                break;
            EndServerMessage((char)serverType, ref step);
            if (phase == Phase.Stream || !step.IsReply)
                break;
        }

        return taken;
    }
}
