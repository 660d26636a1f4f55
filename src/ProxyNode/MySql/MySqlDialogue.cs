using System.Buffers.Binary;
using System.Collections.Concurrent;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// MySQL's client/server protocol on one connection: greeting, log-in as the server wants it, then commands. TLS and compression are
/// negotiated away; replication and local files are relayed without being understood.
/// </summary>
internal sealed partial class MySqlDialogue : Dialogue
{
    private const int LongestTracked = 256 * 1024;

    /// <summary>
    /// Statements up to this are held until they are whole, which is no delay: they come in one piece. Of a longer one that begins with no
    /// word that changes the session, what is there decides.
    /// </summary>
    private const int LongestHeld = 1024;

    /// <summary>Most commands that wait for their answers of which the circumstances of the next one are found.</summary>
    private const int MostExpected = 64;

    /// <summary>ER_LOCK_DEADLOCK: the whole transaction is gone.</summary>
    private const int Deadlock = 1213;

    private const int ArgumentAt = MySqlPacket.HeaderLength + 1;

    private readonly Queue<Asked> unanswered = new(4);
    private Phase phase;
    private int clientLeft;
    private bool clientContinues;
    private bool clientInRequest;
    private int serverLeft;

    /// <summary>Number of the last packet that began, of either side; -1 before.</summary>
    private int sequence = -1;

    private bool serverContinues;
    private MySqlReply reply;
    private bool inReply;
    private bool hasQuit;
    private bool becomesStream;
    private bool sendsFile;
    private bool refusesFiles;
    private uint lastPrepared;
    private MySqlLogin? changing;
    private MySqlProof? asked;
    private MySqlProof? askedBefore;
    private bool isAsked;

    private enum Phase
    {
        Greeting,
        Login,
        Authentication,
        Commands,
        Stream,
    }

    /// <inheritdoc />
    public override int LongestUnit => LongestTracked + MySqlPacket.HeaderLength;

    /// <inheritdoc />
    public override bool ServerSpeaksFirst => true;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Unreachable =>
        MySqlPacket.ErrorPacket(0, 2003, "08004", "The server behind the proxy does not listen", withState: false);

    /// <inheritdoc />
    public override bool AwaitsHead => phase == Phase.Login;

    /// <inheritdoc />
    public override bool HasLoggedIn => phase is Phase.Commands or Phase.Stream;

    /// <inheritdoc />
    public override bool IsAtRest =>
        phase is Phase.Greeting or Phase.Login || (phase == Phase.Commands && !Session.IsUnderWay && !sendsFile);

    /// <inheritdoc />
    public override bool HasTransactions => phase == Phase.Commands;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Busy(string reason) => MySqlPacket.ErrorPacket(0, 1040, "08004", reason, withState: false);

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Farewell(string reason) =>
        phase == Phase.Commands ? MySqlPacket.ErrorPacket(0, 4031, "HY000", reason) : default;

    /// <inheritdoc />
    public override LogIn? LogIn => phase == Phase.Commands && changing is null ? asked : null;

    /// <inheritdoc />
    public override string? Unrepeatable => Session.Unrepeatable;

    /// <inheritdoc />
    /// <remarks>Of a command that was sent before the one before it was answered, as it will be once that is.</remarks>
    public override string Context => unanswered.Count > 1 ? ExpectedContext() : Session.Context;

    /// <summary>What the server said first; null before.</summary>
    public MySqlGreeting? Greeting { get; private set; }

    /// <summary>How the client logged in; null before.</summary>
    public MySqlLogin? Login { get; private set; }

    /// <summary>What its session has at the server by what was answered.</summary>
    public MySqlSession Session { get; private set; } = new();

    /// <summary>Prepared statements that are open, by the server's number.</summary>
    public ConcurrentDictionary<uint, MySqlStatement> Statements => Session.Statements;

    /// <summary>The server's question within COM_CHANGE_USER was answered, and how; null where it was not.</summary>
    public byte[]? ChangeAnswer { get; private set; }

    /// <summary>The sequence number of the client's last packet that was no command.</summary>
    public byte Sequence { get; private set; }

    private bool AllowsSeveral =>
        Session.Option is [var low, ..] ? low == 0 : ((Login?.Capabilities ?? 0) & MySqlPacket.MultiStatements) != 0;

    private bool DeprecateEof => ((Login?.Capabilities ?? 0) & (Greeting?.Capabilities ?? uint.MaxValue) & MySqlPacket.DeprecateEof) != 0;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Refusal(string reason) =>
        MySqlPacket.ErrorPacket(phase == Phase.Login ? 2 : 1, 1235, "42000", reason);

    /// <inheritdoc />
    /// <remarks>It takes the place of the packet that is refused, with that one's number.</remarks>
    public override ReadOnlyMemory<byte> ReplyRefusal(string reason, bool hasBegun) => serverLeft > 0 || serverContinues
        ? default
        : MySqlPacket.ErrorPacket(
            (sequence + 1) & 0xFF, 1158, "08S01", $"The server's reply is not relayed: {reason}", withState: phase != Phase.Greeting);

    /// <summary>Goes on from after a log-in that happened elsewhere.</summary>
    /// <param name="login">How the client logged in there.</param>
    /// <param name="greeting">Of the server.</param>
    /// <param name="session">What the session has; null for that of a new one.</param>
    public void StartAtCommands(MySqlLogin login, MySqlGreeting greeting, MySqlSession? session = null)
    {
        (phase, Login, Greeting, refusesFiles) = (Phase.Commands, login, greeting, true);
        if (session is null)
            Session.LogsIn(login, greeting);
        else
            Session = session;
    }

    /// <inheritdoc />
    public override int FromClient(Span<byte> bytes, out ClientStep step)
    {
        step = default;
        if (phase == Phase.Stream)
            return bytes.Length;
        if (clientLeft > 0)
            return ContinueClient(bytes.Length, 0, ref step);
        if (bytes.Length < MySqlPacket.HeaderLength)
            return 0;
        var length = MySqlPacket.PayloadLength(bytes);
        var whole = MySqlPacket.HeaderLength + length;
        sequence = bytes[3];
        switch (phase)
        {
            case Phase.Greeting:
                throw new ProtocolException("a MySQL client that speaks before the server");
            case Phase.Login:
                if (whole > LongestUnit)
                    throw new ProtocolException("a MySQL log-in that is too long");
                if (bytes.Length < whole)
                    return 0;
                MySqlLogin.Restrict(bytes[MySqlPacket.HeaderLength..whole]);
                Login = MySqlLogin.Parse(bytes[MySqlPacket.HeaderLength..whole]);
                Session.LogsIn(Login, Greeting);
                asked = new MySqlProof(Login.User, Login.Plugin, [.. Greeting?.Challenge ?? [], 0], MySqlProof.Kept(Login.Response));
                phase = Phase.Authentication;
                return whole;
            case Phase.Authentication:
                // The answer to a question that the server has asked instead of the greeting's.
                if (isAsked && whole <= LongestUnit)
                {
                    if (bytes.Length < whole)
                        return 0;
                    asked = asked! with { Answer = MySqlProof.Kept(bytes[MySqlPacket.HeaderLength..whole]) };
                    isAsked = false;
                }

                clientLeft = whole;
                return ContinueClient(bytes.Length, 0, ref step);
        }

        if (clientContinues)
        {
            clientContinues = length == MySqlPacket.FullPayload;
            clientLeft = whole;
            return ContinueClient(bytes.Length, 0, ref step);
        }

        // A local file, until an empty packet; its sequence numbers begin again and again.
        if (sendsFile)
        {
            sendsFile = length > 0;
            clientLeft = whole;
            return ContinueClient(bytes.Length, 0, ref step);
        }

        // Anything but a command: the client's part of a log-in anew.
        if (bytes[3] != 0)
        {
            Sequence = bytes[3];
            if (changing is not null && isAsked && whole <= LongestUnit)
            {
                if (bytes.Length < whole)
                    return 0;
                ChangeAnswer = bytes[MySqlPacket.HeaderLength..whole].ToArray();
                asked = asked! with { Answer = MySqlProof.Kept(ChangeAnswer) };
                isAsked = false;
            }

            clientLeft = whole;
            return ContinueClient(bytes.Length, 0, ref step);
        }

        if (length == 0)
            throw new ProtocolException("an empty MySQL packet where a command is due");
        if (bytes.Length <= MySqlPacket.HeaderLength)
            return 0;
        var command = (MySqlCommand)bytes[MySqlPacket.HeaderLength];
        if (bytes.Length < Math.Min(whole, HeldOf(command, bytes, whole)))
            return 0;
        var seen = Math.Min(whole, bytes.Length);
        Begin(command, bytes[ArgumentAt..seen], isWhole: seen == whole && length < MySqlPacket.FullPayload, ref step);
        clientInRequest = true;
        clientContinues = length == MySqlPacket.FullPayload;
        clientLeft = whole;
        return ContinueClient(bytes.Length, 0, ref step);
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
                if (rest.Length < MySqlPacket.HeaderLength)
                    break;
                var length = MySqlPacket.PayloadLength(rest);
                var looked = Math.Min(length, phase == Phase.Commands && changing is null ? MySqlReply.LookedAt : LongestTracked);
                if (rest.Length < MySqlPacket.HeaderLength + looked)
                    break;
                try
                {
                    if (!serverContinues)
                        ServerPacket(rest.Slice(MySqlPacket.HeaderLength, looked), length);
                }
                catch (ProtocolException) when (taken > 0)
                {
                    // What came before it is sent on; then it is refused in its place.
                    break;
                }

                sequence = rest[3];
                serverContinues = length == MySqlPacket.FullPayload;
                serverLeft = MySqlPacket.HeaderLength + length;
            }

            step.IsReply = inReply;
            var count = Math.Min(serverLeft, rest.Length);
            serverLeft -= count;
            taken += count;
            if (serverLeft == 0 && !serverContinues && inReply && reply.HasEnded)
                EndReply(ref step);
            else if (!inReply)
                break;
        }

        return taken;
    }

    /// <summary>How much of a command must be here before any of it is read: what decides what it leaves in the session.</summary>
    private int HeldOf(MySqlCommand command, ReadOnlySpan<byte> bytes, int whole)
    {
        const int numbered = ArgumentAt + sizeof(uint);
        switch (command)
        {
            case MySqlCommand.StatementPrepare or MySqlCommand.InitDb or MySqlCommand.StatementClose or MySqlCommand.SetOption
                or MySqlCommand.ChangeUser:
                return whole <= LongestUnit ? whole : ArgumentAt;
            case MySqlCommand.Query:
                var isShort = whole <= LongestHeld
                    || (whole <= ArgumentAt + MySqlSession.LongestRead && MySqlWords.BeginsWithChange(bytes[ArgumentAt..]));
                return isShort ? whole : LongestHeld;
            case MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute when bytes.Length >= numbered:
                if (Statements.TryGetValue(BinaryPrimitives.ReadUInt32LittleEndian(bytes[ArgumentAt..]), out var statement))
                {
                    return statement.MayChange && whole <= numbered + MySqlSession.LongestRead
                        ? whole
                        : Math.Min(numbered + statement.BoundAt, LongestUnit);
                }

                return LongestHeld;
            case MySqlCommand.StatementExecute or MySqlCommand.StatementBulkExecute or MySqlCommand.StatementFetch
                or MySqlCommand.StatementReset or MySqlCommand.StatementSendLongData:
                return numbered;
            default:
                return ArgumentAt;
        }
    }

    private int ContinueClient(int available, int from, ref ClientStep step)
    {
        var taken = Math.Min(clientLeft, available - from);
        clientLeft -= taken;
        if (clientLeft == 0 && !clientContinues && clientInRequest)
        {
            clientInRequest = false;
            step.Ends = true;
            phase = becomesStream ? Phase.Stream : phase;
            step.After = hasQuit ? AfterRequest.Last : AfterRequest.GoOn;
        }

        return from + taken;
    }

    private void Begin(MySqlCommand command, ReadOnlySpan<byte> argument, bool isWhole, ref ClientStep step)
    {
        step.Begins = true;
        step.Kind = (int)command;
        var statement = argument.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(argument) : 0;
        var behindNumber = argument[Math.Min(sizeof(uint), argument.Length)..];
        byte[]? text = null;
        switch (command)
        {
            case MySqlCommand.Quit:
                hasQuit = true;
                step.IsOneWay = true;
                return;
            case MySqlCommand.StatementClose:
                Statements.TryRemove(statement, out _);
                step.IsOneWay = true;
                return;
            case MySqlCommand.StatementSendLongData:
                if (Statements.TryGetValue(statement, out var pieces))
                    pieces.HasPieces = true;
                step.IsOneWay = true;
                return;
            case MySqlCommand.BinlogDump or MySqlCommand.BinlogDumpGtid or MySqlCommand.TableDump or MySqlCommand.Clone
                or MySqlCommand.SubscribeGroupReplication:
                step.IsPrivate = step.IsStream = true;
                step.IsOneWay = true;
                becomesStream = true;
                return;
            case MySqlCommand.RegisterSlave:
                step.IsPrivate = step.IsStream = true;
                break;
            case MySqlCommand.StatementExecute when Statements.TryGetValue(statement, out var executed):
                executed.Bind(behindNumber);
                var isKept = executed.MayChange && isWhole && !executed.HasPieces && behindNumber.Length <= MySqlSession.LongestRead;
                text = isKept ? behindNumber.ToArray() : null;
                break;
            case MySqlCommand.StatementExecute when statement == MySqlStatement.LastPrepared && isWhole:
                text = behindNumber.ToArray();
                break;
            case MySqlCommand.StatementBulkExecute when Statements.TryGetValue(statement, out var many):
                many.BindMany(behindNumber);
                break;
            // By what it says of itself, and not by how much of it has come.
            case MySqlCommand.ChangeUser when !isWhole || argument.Length > LongestUnit - ArgumentAt:
                throw new ProtocolException($"a COM_CHANGE_USER of more than {LongestUnit} bytes");
            case MySqlCommand.ChangeUser:
                changing = (changing ?? Login ?? throw new ProtocolException("COM_CHANGE_USER before a log-in")).Change(argument);
                askedBefore = asked;
                asked = new MySqlProof(changing.User, changing.Plugin, asked?.Challenge ?? [], MySqlProof.Kept(changing.Response));
                (isAsked, ChangeAnswer) = (false, null);
                break;
            case MySqlCommand.Query:
                // Whatever is read of it is read on an event loop: no more than that.
                var beginning = argument[..Math.Min(argument.Length, MySqlSession.LongestRead)];
                isWhole &= beginning.Length == argument.Length;
                text = MySqlWords.MayChange(beginning, AllowsSeveral) ? beginning.ToArray() : null;
                break;
            case MySqlCommand.StatementPrepare or MySqlCommand.InitDb or MySqlCommand.SetOption when isWhole:
                text = argument.ToArray();
                break;
        }

        unanswered.Enqueue(new Asked(command, statement, text, !isWhole, command == MySqlCommand.ChangeUser ? changing : null));
    }
}
