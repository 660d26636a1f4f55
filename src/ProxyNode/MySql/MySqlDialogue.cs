using System.Collections.Concurrent;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.MySql;

/// <summary>
/// MySQL's client/server protocol on one connection: greeting, log-in as the server wants it, then commands. TLS, compression
/// and local files are negotiated away; replication is relayed without being understood.
/// </summary>
internal sealed class MySqlDialogue : Dialogue
{
    private const int LongestTracked = 256 * 1024;

    private readonly Queue<(MySqlCommand Command, string Sql)> unanswered = new(4);
    private Phase phase;
    private int clientLeft;
    private bool clientContinues;
    private bool clientInRequest;
    private int serverLeft;
    private bool serverContinues;
    private MySqlReply reply;
    private bool inReply;
    private bool hasQuit;
    private bool becomesStream;

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

    /// <summary>What the server said first; null before.</summary>
    public MySqlGreeting? Greeting { get; private set; }

    /// <summary>How the client logged in; null before.</summary>
    public MySqlLogin? Login { get; private set; }

    /// <summary>Default database.</summary>
    public string Database { get; private set; } = "";

    /// <summary>Prepared statements that are open, by the server's number.</summary>
    public ConcurrentDictionary<uint, string> Statements { get; } = new();

    private bool DeprecateEof => ((Login?.Capabilities ?? 0) & (Greeting?.Capabilities ?? uint.MaxValue) & MySqlPacket.DeprecateEof) != 0;

    /// <inheritdoc />
    public override ReadOnlyMemory<byte> Refusal(string reason) =>
        MySqlPacket.ErrorPacket(phase == Phase.Login ? 2 : 1, 1235, "42000", reason);

    /// <summary>Goes on from after a log-in that happened elsewhere.</summary>
    public void StartAtCommands(MySqlLogin login, MySqlGreeting greeting) => (phase, Login, Greeting) = (Phase.Commands, login, greeting);

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
        switch (phase)
        {
            case Phase.Greeting:
                throw new ProtocolException("a MySQL client that speaks before the server");
            case Phase.Login:
                if (whole > LongestUnit)
                    throw new ProtocolException("a MySQL log-in that is too long");
                if (bytes.Length < whole)
                    return 0;
                Login = MySqlLogin.Parse(bytes[MySqlPacket.HeaderLength..whole]);
                Database = Login.Database;
                phase = Phase.Authentication;
                return whole;
            case Phase.Authentication:
                clientLeft = whole;
                return ContinueClient(bytes.Length, 0, ref step);
        }

        if (clientContinues)
        {
            clientContinues = length == MySqlPacket.FullPayload;
            clientLeft = whole;
            return ContinueClient(bytes.Length, 0, ref step);
        }

        // Anything but a command: the client's part of a log-in anew.
        if (bytes[3] != 0)
        {
            clientLeft = whole;
            return ContinueClient(bytes.Length, 0, ref step);
        }

        if (length == 0)
            throw new ProtocolException("an empty MySQL packet where a command is due");
        if (bytes.Length <= MySqlPacket.HeaderLength)
            return 0;
        var command = (MySqlCommand)bytes[MySqlPacket.HeaderLength];
        var isTracked =
            command is MySqlCommand.StatementPrepare or MySqlCommand.InitDb or MySqlCommand.StatementClose or MySqlCommand.SetOption;
        if (isTracked && length <= LongestTracked && bytes.Length < whole)
            return 0;
        Begin(command, isTracked && bytes.Length >= whole ? bytes[(MySqlPacket.HeaderLength + 1)..whole] : [], ref step);
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
                var looked = Math.Min(length, phase == Phase.Commands ? MySqlReply.LookedAt : LongestTracked);
                if (rest.Length < MySqlPacket.HeaderLength + looked)
                    break;
                if (!serverContinues)
                    ServerPacket(rest.Slice(MySqlPacket.HeaderLength, looked), length);
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

    private void Begin(MySqlCommand command, ReadOnlySpan<byte> argument, ref ClientStep step)
    {
        step.Begins = true;
        step.Kind = (int)command;
        switch (command)
        {
            case MySqlCommand.Quit:
                hasQuit = true;
                step.IsOneWay = true;
                return;
            case MySqlCommand.StatementClose when argument.Length >= 4:
                Statements.TryRemove(BitConverter.ToUInt32(argument), out _);
                step.IsOneWay = true;
                return;
            case MySqlCommand.StatementSendLongData or MySqlCommand.StatementClose:
                step.IsOneWay = true;
                return;
            case MySqlCommand.BinlogDump or MySqlCommand.BinlogDumpGtid or MySqlCommand.TableDump:
                step.IsPrivate = true;
                step.IsOneWay = true;
                becomesStream = true;
                return;
            case MySqlCommand.ChangeUser:
                step.IsPrivate = true;
                break;
            case MySqlCommand.InitDb:
                Database = Encoding.UTF8.GetString(argument);
                break;
            case MySqlCommand.ResetConnection:
                Statements.Clear();
                break;
        }

        unanswered.Enqueue((command, command == MySqlCommand.StatementPrepare ? Encoding.UTF8.GetString(argument) : ""));
    }

    private void ServerPacket(Span<byte> start, int length)
    {
        switch (phase)
        {
            case Phase.Greeting:
                if (start.IsEmpty || start[0] == MySqlPacket.Error)
                    return;
                Greeting = MySqlGreeting.Parse(start);
                MySqlGreeting.Restrict(start);
                Greeting = MySqlGreeting.Parse(start);
                phase = Phase.Login;
                return;
            case Phase.Authentication:
                if (!start.IsEmpty && start[0] == MySqlPacket.Ok)
                    phase = Phase.Commands;
                return;
            case Phase.Login:
                return;
        }

        // A packet that nobody asked for: the server says why it ends the connection.
        if (unanswered.Count == 0)
            return;
        if (!inReply)
        {
            reply = new MySqlReply(unanswered.Peek().Command, DeprecateEof);
            inReply = true;
        }

        reply.Packet(start, length);
    }

    private void EndReply(ref ServerStep step)
    {
        var (_, sql) = unanswered.Dequeue();
        if (reply.Prepared is { } statement)
            Statements[statement] = sql;
        inReply = false;
        step.Ends = true;
        step.Status = reply.ErrorCode;
        step.IsError = reply.ErrorCode != 0;
    }
}
