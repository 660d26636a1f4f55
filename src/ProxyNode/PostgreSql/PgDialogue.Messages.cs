using System.Buffers.Binary;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <content>What each message of either side means for the exchanges.</content>
internal sealed partial class PgDialogue
{
    private bool IsRead(char type) => type is 'S' or 'K' or 'E' or 'Z' or 'R' or 'v' || (type == 'C' && settings.AwaitsEnd);

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
        Minor = code & 0xFFFF;
        isReplication = PgMessage.AsksForReplication(Startup);
        phase = Phase.Authentication;
        return length;
    }

    private void ClientMessage(char type, ReadOnlySpan<byte> body, ref ClientStep step)
    {
        if (phase == Phase.Authentication)
        {
            if (type == 'p')
                hearing?.Client(body);
            return;
        }

        // Several messages may be read at once; only the first of them begins the request.
        var begins = !inRequest;
        if (begins)
        {
            step.Begins = true;
            step.IsPrivate = step.IsStream = isReplication;
            inRequest = true;
            isExtended = inCopy && copyIsExtended;
            isCopyData = inCopy && type is 'd' or 'c' or 'f';
            // Data that do not wait for the server to take them: the reply to what asked for them is theirs too, whatever it is.
            copyIsAnsweredLater |= !inCopy && unanswered == 1 && type is 'd' or 'c' or 'f';
            (isBrokenOff, bringsCopy) = (false, false);
        }

        switch (type)
        {
            case 'X':
                hasLeft = true;
                clientEnds = true;
                step.IsOneWay |= begins;
                return;
            case 'Q':
                clientEnds = true;
                if (!body.IsEmpty && PgSessionState.MayMatter(body))
                    state.Ask(statements.Current(begins), body.TrimEnd((byte)0));
                break;
            case 'F':
                clientEnds = true;
                break;
            case 'c' or 'f' when inCopy:
                inCopy = false;
                bringsCopy = !isCopyData;
                clientEnds = !copyIsExtended;
                break;
            case 'S' when inCopy:
                // The server ignores it while it waits for copy data. Where that became known within the request, its reply goes on.
                clientEnds = !isCopyData;
                step.IsOneWay |= begins;
                copyIsAnsweredLater = !begins && !isCopyData;
                break;
            case 'S':
                clientEnds = true;
                break;
            case 'P' when !body.IsEmpty:
                isExtended = true;
                Parse(body, begins);
                break;
            case 'C' when body is [(byte)'S', ..]:
                isExtended = true;
                var from = 1;
                statements.Close(PgMessage.ReadText(body, ref from));
                break;
            case 'P':
                isExtended = true;
                statements.Prepare("", [], begins);
                break;
            case 'B' or 'D' or 'E' or 'C' or 'H':
                isExtended = true;
                break;
            case 'c' or 'f':
                // The server has given the copy up, and drops what still comes; or it has not come to it yet.
                step.IsOneWay |= begins;
                clientEnds = begins || !isExtended;
                bringsCopy |= !begins && !isCopyData;
                break;
            case 'd':
                step.IsOneWay |= begins && (!inCopy || copyIsAnsweredLater);
                break;
            default:
                throw new ProtocolException($"PostgreSQL message '{type}' from a client is unknown");
        }

        if (begins && isCopyData && copyIsAnsweredLater)
            step.IsOneWay = true;
        if (begins && !step.IsOneWay)
        {
            unanswered++;
            begun++;
            statements.RequestBegun();
        }
    }

    private void Parse(ReadOnlySpan<byte> body, bool begins)
    {
        var at = 0;
        var name = PgMessage.ReadText(body, ref at);
        Prepare(name, body);
        statements.Prepare(name, name.Length > 0 ? body.ToArray() : [], begins);
        var sql = body[at..];
        var end = sql.IndexOf((byte)0);
        if (end is > 0 and <= PgSessionState.Longest && PgSessionState.MayMatter(sql[..end]))
            state.Ask(statements.Current(begins), sql[..end]);
    }

    private void ServerMessage(char type, ReadOnlySpan<byte> body)
    {
        if (type == 'K')
            CancelKey = body.ToArray();
        // The newest minor version that the server speaks, and options that it does not know.
        if (type == 'v' && phase == Phase.Authentication && body.Length >= sizeof(int))
            Minor = Math.Min(Minor, BinaryPrimitives.ReadInt32BigEndian(body) & 0xFFFF);
        // ReadyForQuery says whether a transaction is open.
        if (type == 'Z')
            inTransaction = body is not [(byte)'I'];
        if (type == 'C')
            isUndone = body.StartsWith("ROLLBACK\0"u8);
        if (type == 'E' && unanswered > 0)
            error = PgMessage.StateOf(body);
        if (type == 'R' && phase == Phase.Authentication)
            hearing?.Server(body);
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
                logIn = hearing?.LetIn(PgMessage.ParameterOf(Startup, "user"));
                hearing = null;
                break;
            case 'E' when unanswered > 0:
                // One that is too long to be read has failed all the same.
                error = error == 0 ? PgMessage.UnknownState : error;
                inCopy &= !(isCopyData && unanswered == 1);
                break;
            case 'E':
                inCopy = false;
                break;
            case '1':
                statements.Complete();
                break;
            case 'G' when unanswered == 1 && (inRequest || bringsCopy):
                // The data are a part of the same request: they come next, or have come already.
                inCopy = inRequest && !bringsCopy;
                copyIsExtended = isExtended;
                break;
            case 'G' when unanswered == 1 && copyIsAnsweredLater:
                break;
            case 'G' when unanswered > 0:
                inCopy = true;
                copyIsExtended = isExtended;
                EndReply(ref step);
                break;
            case 'W':
                phase = Phase.Stream;
                step.BecomesStream = true;
                if (unanswered > 0)
                    EndReply(ref step);
                break;
            case 'Z' when unanswered > 0:
                isBrokenOff = inRequest && (isCopyData || copyIsAnsweredLater) && unanswered == 1;
                step.IsJoint = copyIsAnsweredLater;
                (inCopy, copyIsAnsweredLater) = (false, false);
                EndReply(ref step);
                Set();
                break;
            case 'Z':
                inCopy = false;
                break;
        }
    }

    private void EndReply(ref ServerStep step)
    {
        unanswered--;
        answered++;
        hasFailed = error != 0;
        statements.ReplyEnded();
        state.ReplyEnded(isError: error != 0);
        step.Ends = true;
        step.Status = error;
        step.IsError = error != 0;
        error = 0;
    }
}
