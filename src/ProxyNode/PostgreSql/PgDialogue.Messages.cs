using System.Buffers.Binary;
using System.Text;
using JustRunIt.ProxyNode.Protocols;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <content>What each message of either side means for the exchanges.</content>
internal sealed partial class PgDialogue
{
    private bool IsRead(char type) => type is 'S' or 'K' or 'E' or 'Z' or 'R' or 'v' || (type == 'C' && session.AwaitsCompletion);

    /// <summary>Whether a client's message is read whole. A server does nothing before it has it: nobody waits for what is held.</summary>
    private bool IsTracked(char type, long length) => length <= LongestTracked && (phase == Phase.Authentication || type switch
    {
        'P' or 'C' => true,
        'Q' => length <= LongestRead,
        'B' => statements.Matter || portals.Count > 0,
        'E' => portals.Count > 0,
        _ => false,
    });

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

    private void ClientMessage(char type, ReadOnlySpan<byte> body, bool isWhole, ref ClientStep step)
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
            if (!isCopyData)
                (atBegin, executed) = (session.Expected(), 0);
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
                // The ones without a name are gone with it.
                statements.Close("");
                portals.Remove("");
                if (!body.IsEmpty)
                    Ask(body, isWhole, session.Current(begins));
                if (begins && Ascii.EqualsIgnoreCase(PgText.VerbOf(body), "PREPARE"u8))
                    step.Kind = Preparing;
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
                if (begins && body[0] != 0)
                    step.Kind = Preparing;
                break;
            case 'C' when body is [(byte)'S' or (byte)'P', ..]:
                isExtended = true;
                var from = 1;
                var closed = PgMessage.ReadText(body, ref from);
                if (body[0] == 'S')
                    statements.Close(closed);
                else
                    portals.Remove(closed);
                break;
            case 'P':
                isExtended = true;
                statements.Prepare("", [], begins);
                break;
            case 'B' when !body.IsEmpty:
                isExtended = true;
                Bind(body);
                break;
            case 'E':
                isExtended = true;
                Execute(body, session.Current(begins));
                break;
            case 'B':
                isExtended = true;
                // Of what its portal is, is not known.
                portals.Clear();
                break;
            case 'D' or 'C' or 'H':
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
            statements.RequestBegun();
            if (!isCopyData)
                session.CycleBegun();
        }
    }

    private void Parse(ReadOnlySpan<byte> body, bool begins)
    {
        var at = 0;
        statements.Prepare(PgMessage.ReadText(body, ref at), body, begins, escapes);
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
            transaction = body is [var status] ? (char)status : 'T';
        if (type == 'C')
            isRolledBack = body.StartsWith("ROLLBACK\0"u8);
        if (type == 'E' && unanswered > 0)
            error = PgMessage.StateOf(body);
        if (type == 'R' && phase == Phase.Authentication)
            hearing?.Server(body);
        if (type != 'S')
            return;
        Report(body, isLoggingIn: phase == Phase.Authentication);
        if (phase != Phase.Authentication)
            return;
        lock (parameters)
            parameters.Write(PgMessage.Frame('S', body));
    }

    private void EndServerMessage(char type, ref ServerStep step)
    {
        HearSession(type);
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
                break;
            case 'Z':
                inCopy = false;
                break;
        }
    }

    private void EndReply(ref ServerStep step)
    {
        unanswered--;
        statements.ReplyEnded();
        step.Ends = true;
        step.Status = error;
        step.IsError = error != 0;
        error = 0;
    }
}
