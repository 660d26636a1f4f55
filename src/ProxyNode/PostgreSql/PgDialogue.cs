using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// PostgreSQL's protocol 3 on one connection. A request is a simple query, or everything up to a Sync; its reply ends with
/// ReadyForQuery, or where the server begins to take COPY data, which is then a request of its own. TLS and GSS encryption
/// are negotiated away; replication is relayed without being understood.
/// </summary>
internal sealed class PgDialogue : Dialogue
{
    private const int LongestTracked = 256 * 1024;

    private static readonly byte[] No = "N"u8.ToArray();

    private readonly MemoryStream parameters = new();
    private readonly PgStatements statements = new();
    private Phase phase;
    private int unanswered;
    private long clientLeft;
    private long serverLeft;
    private byte serverType;
    private bool inRequest;
    private bool inCopy;
    private bool copyIsExtended;
    private bool isExtended;
    private bool clientEnds;
    private bool hasLeft;
    private int error;

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

    /// <summary>Named prepared statements: the bodies of their Parse messages.</summary>
    public IReadOnlyDictionary<string, byte[]> Statements => statements.Prepared;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Refusal(string reason) => PgMessage.Error(fatal: true, "0A000", reason);

    /// <summary>Goes on from after a log-in that happened elsewhere.</summary>
    public void StartAtRequests() => phase = Phase.Requests;

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        if (phase == Phase.Stream)
            return bytes.Length;
        if (phase == Phase.Startup)
            return StartupMessage(bytes, ref step);
        var taken = 0;
        while (taken < bytes.Length && !step.Ends)
        {
            if (clientLeft == 0)
            {
                // A request begins with a run of bytes of its own.
                if (bytes.Length - taken < PgMessage.HeaderLength || (taken > 0 && !inRequest))
                    break;
                var rest = bytes[taken..];
                var length = PgMessage.LengthOf(rest);
                var isTracked = (char)rest[0] is 'P' or 'C' && length <= LongestTracked;
                if (isTracked && rest.Length < length)
                    break;
                ClientMessage((char)rest[0], isTracked ? rest[PgMessage.HeaderLength..(int)length] : [], ref step);
                clientLeft = length;
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
            else if (!inRequest)
            {
                break;
            }
        }

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
                serverLeft = PgMessage.LengthOf(rest);
                serverType = rest[0];
                if (IsRead((char)serverType) && serverLeft <= LongestTracked)
                {
                    if (rest.Length < serverLeft)
                    {
                        serverLeft = 0;
                        break;
                    }

                    ServerMessage((char)serverType, rest[PgMessage.HeaderLength..(int)serverLeft]);
                }
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

    private static bool IsRead(char type) => type is 'S' or 'K' or 'E';

    private int StartupMessage(Span<byte> bytes, ref ClientStep step)
    {
        if (bytes.Length < 8)
            return 0;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (length is < 8 or > 10_000)
            throw new ProtocolException("no PostgreSQL start-up message");
        if (bytes.Length < length)
            return 0;
        var code = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        switch (code)
        {
            case PgMessage.TlsRequest or PgMessage.GssRequest:
                step.Skipped = length;
                step.LocalReply = No;
                return length;
            case PgMessage.CancelRequest:
                IsCancel = true;
                step.Begins = step.Ends = step.IsOneWay = true;
                phase = Phase.Stream;
                return length;
        }

        if (code >> 16 != PgMessage.MajorVersion)
            throw new ProtocolException($"PostgreSQL protocol {code >> 16}.{code & 0xFFFF}; relayed is {PgMessage.MajorVersion}");
        Startup = bytes[..length].ToArray();
        phase = Phase.Authentication;
        return length;
    }

    private void ClientMessage(char type, ReadOnlySpan<byte> body, ref ClientStep step)
    {
        if (phase == Phase.Authentication)
            return;
        // Several messages may be read at once; only the first of them begins the request.
        var begins = !inRequest;
        if (begins)
        {
            step.Begins = true;
            inRequest = true;
            isExtended = inCopy && copyIsExtended;
        }

        switch (type)
        {
            case 'X':
                hasLeft = true;
                clientEnds = true;
                step.IsOneWay |= begins;
                return;
            case 'Q' or 'F':
                clientEnds = true;
                break;
            case 'c' or 'f' when inCopy:
                inCopy = false;
                clientEnds = !copyIsExtended;
                break;
            case 'S':
                clientEnds = true;
                break;
            case 'P' when !body.IsEmpty:
                isExtended = true;
                var at = 0;
                if (PgMessage.ReadText(body, ref at) is { Length: > 0 } name)
                    statements.Prepare(name, body.ToArray(), begins);
                break;
            case 'C' when body is [(byte)'S', ..]:
                isExtended = true;
                var from = 1;
                statements.Close(PgMessage.ReadText(body, ref from));
                break;
            case 'P' or 'B' or 'D' or 'E' or 'C' or 'H':
                isExtended = true;
                break;
            case 'c' or 'f':
                // The server has given the copy up, and drops what still comes.
                step.IsOneWay |= begins;
                clientEnds = true;
                break;
            case 'd':
                step.IsOneWay |= begins && !inCopy;
                break;
            default:
                throw new ProtocolException($"PostgreSQL message '{type}' from a client is unknown");
        }

        if (begins && !step.IsOneWay)
        {
            unanswered++;
            statements.RequestBegun();
        }
    }

    private void ServerMessage(char type, ReadOnlySpan<byte> body)
    {
        if (type == 'K')
            CancelKey = body.ToArray();
        if (type == 'E' && unanswered > 0)
            error = PgMessage.StateOf(body);
        if (type != 'S' || phase != Phase.Authentication)
            return;
        lock (parameters)
            parameters.Write(PgMessage.Frame('S', body));
    }

    private void EndServerMessage(char type, ref ServerStep step)
    {
        switch (type)
        {
            case 'Z' when phase == Phase.Authentication:
                phase = Phase.Requests;
                break;
            case 'E' when unanswered > 0:
                // One that is too long to be read has failed all the same.
                error = error == 0 ? PgMessage.UnknownState : error;
                break;
            case 'E':
                inCopy = false;
                break;
            case 'G' when unanswered > 0:
                inCopy = true;
                copyIsExtended = isExtended;
                EndReply(ref step);
                break;
            case 'W':
                phase = Phase.Stream;
                break;
            case 'Z' when unanswered > 0:
                inCopy = false;
                EndReply(ref step);
                break;
        }
    }

    private void EndReply(ref ServerStep step)
    {
        unanswered--;
        statements.ReplyEnded(isError: error != 0);
        step.Ends = true;
        step.Status = error;
        step.IsError = error != 0;
        error = 0;
    }
}
