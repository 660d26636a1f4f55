using JustRunIt.ProxyNode.Recording;

namespace JustRunIt.ProxyNode.PostgreSql;

/// <summary>
/// Requests that a client has answered in parts: it flushes, and waits for what it asked for so far before it goes on, as drivers with
/// cursors do (PostgreSQL manual, "Extended Query": Flush). An instance keeps what a clone's connection was told last.
/// </summary>
internal sealed class PgParts
{
    private byte status = (byte)'I';
    private bool hasFailed;

    /// <summary>Parts an exchange at each Flush; null where there is none. What a server drops after an error is no part.</summary>
    public static IReadOnlyList<RecordedPart>? Split(ReadOnlySpan<byte> request, ReadOnlySpan<byte> reply)
    {
        if (!HasFlush(request))
            return null;
        var parts = new List<RecordedPart>();
        var (from, at, replyFrom, replyAt) = (0, 0, 0, 0);
        var isCopying = false;
        while (request.Length - at >= PgMessage.HeaderLength)
        {
            var type = (char)request[at];
            at += (int)Math.Min(PgMessage.LengthOf(request[at..]), request.Length - at);
            var hasFailed = Consume(type, reply, ref replyAt, ref isCopying);
            if (hasFailed)
            {
                // The part goes on to its Flush, or to the end.
                while (request.Length - at >= PgMessage.HeaderLength && type is not ('H' or 'S'))
                {
                    type = (char)request[at];
                    at += (int)Math.Min(PgMessage.LengthOf(request[at..]), request.Length - at);
                }

                parts.Add(new RecordedPart(from..at, replyFrom..(type == 'S' ? reply.Length : replyAt)));
                return parts;
            }

            if (type != 'H')
                continue;
            parts.Add(new RecordedPart(from..at, replyFrom..replyAt));
            (from, replyFrom) = (at, replyAt);
        }

        if (from < request.Length)
            parts.Add(new RecordedPart(from..request.Length, replyFrom..reply.Length));
        return parts;
    }

    /// <summary>A part, or a request, is answered.</summary>
    public byte[] Answered(byte[] reply)
    {
        for (var at = 0; reply.Length - at >= PgMessage.HeaderLength;)
        {
            var length = (int)Math.Min(PgMessage.LengthOf(reply.AsSpan(at)), reply.Length - at);
            hasFailed = reply[at] == 'E' || (hasFailed && reply[at] != 'Z');
            if (reply[at] == 'Z' && length > PgMessage.HeaderLength)
                status = reply[at + PgMessage.HeaderLength];
            at += length;
        }

        return reply;
    }

    /// <summary>What is said to something that comes after an error: nothing up to a Sync; null where there was none.</summary>
    public ReadOnlyMemory<byte>? Dropped(ReadOnlySpan<byte> request)
    {
        if (!hasFailed)
            return null;
        if (!EndsWith(request, 'S'))
            return ReadOnlyMemory<byte>.Empty;
        hasFailed = false;
        status = status == 'I' ? (byte)'I' : (byte)'E';
        return PgMessage.Frame('Z', [status]);
    }

    /// <summary>Whether a request, or a part of one, ends with a message of some type.</summary>
    public static bool EndsWith(ReadOnlySpan<byte> request, char type) => LastType(request) == type;

    /// <summary>What is said to what needs no server; null where it does.</summary>
    /// <param name="request">The request.</param>
    /// <param name="escapes">See <see cref="PgLexer"/>.</param>
    public byte[]? Accepted(ReadOnlySpan<byte> request, bool escapes) => PgAccepted.ReplyTo(request, status, escapes);

    /// <summary>The error of what is not on record.</summary>
    public ReadOnlyMemory<byte> Missing(ReadOnlySpan<byte> request)
    {
        var error = PgMessage.Error(fatal: false, "XX000", "No reply to such a request is on record");
        hasFailed = EndsWith(request, 'H');
        if (hasFailed)
            return error;
        // As any error within a transaction does.
        status = status == 'I' ? (byte)'I' : (byte)'E';
        return (byte[])[.. error, .. PgMessage.Frame('Z', [status])];
    }

    private static bool HasFlush(ReadOnlySpan<byte> request)
    {
        if (request.IsEmpty || request[0] is (byte)'Q' or 0)
            return false;
        while (request.Length >= PgMessage.HeaderLength)
        {
            if (PgMessage.Next(ref request)[0] == 'H')
                return true;
        }

        return false;
    }

    /// <summary>The type of a request's last message; NUL where it has none.</summary>
    public static char LastType(ReadOnlySpan<byte> request)
    {
        var last = '\0';
        while (request.Length >= PgMessage.HeaderLength)
            last = (char)PgMessage.Next(ref request)[0];
        return last;
    }

    /// <summary>Passes over what answers one message; true when that is an error.</summary>
    private static bool Consume(char type, ReadOnlySpan<byte> reply, ref int at, ref bool isCopying)
    {
        var ends = type switch
        {
            'P' => "1",
            'B' => "2",
            'C' => "3",
            'D' => "Tn",
            'E' => "CIsGW",
            'c' or 'f' when isCopying => "C",
            'S' => "Z",
            _ => "",
        };
        while (ends.Length > 0 && reply.Length - at >= PgMessage.HeaderLength)
        {
            var said = (char)reply[at];
            at += (int)Math.Min(PgMessage.LengthOf(reply[at..]), reply.Length - at);
            if (said == 'E')
                return true;
            if (!ends.Contains(said, StringComparison.Ordinal))
                continue;
            isCopying = said == 'G';
            break;
        }

        return false;
    }
}
