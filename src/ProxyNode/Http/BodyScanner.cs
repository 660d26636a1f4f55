namespace JustRunIt.ProxyNode.Http;

/// <summary>
/// Finds the end of a body while its bytes pass, in pieces of any size (RFC 9112 §6, §7.1). Nothing is kept but the place
/// within the framing.
/// </summary>
internal struct BodyScanner
{
    private const int LongestLine = 16 * 1024;

    private State state;
    private long left;
    private int digits;
    private int line;
    private readonly bool isReply;

    private enum State
    {
        Done,
        Bytes,
        UntilClose,
        Size,
        SizeSpace,
        Extension,
        SizeLineFeed,
        Data,
        DataReturn,
        DataLineFeed,
        TrailerStart,
        Trailer,
        TrailerLineFeed,
        EndLineFeed,
    }

    /// <summary>A scanner for the body that follows <paramref name="head"/>.</summary>
    public BodyScanner(in MessageHead head)
    {
        isReply = head.Status > 0;
        (state, left) = head.Body switch
        {
            BodyKind.Length => (State.Bytes, head.ContentLength),
            BodyKind.Chunked => (State.Size, 0),
            BodyKind.UntilClose => (State.UntilClose, 0),
            _ => (State.Done, 0L),
        };
    }

    /// <summary>The body's last byte has been seen.</summary>
    public readonly bool IsDone => state == State.Done;

    /// <summary>The body ends with the connection.</summary>
    public readonly bool EndsWithConnection => state == State.UntilClose;

    /// <summary>Looks at the next bytes.</summary>
    /// <returns>How many of them belong to the body.</returns>
    /// <exception cref="HttpSyntaxException">Chunks that are malformed.</exception>
    public int Advance(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (position < bytes.Length && state != State.Done)
            position += AdvanceRun(bytes[position..], out _);
        return position;
    }

    /// <summary>Looks at the next bytes as far as they are all content, or all framing.</summary>
    /// <param name="bytes">At least one byte; the body has not ended.</param>
    /// <param name="isContent">Which of both they are.</param>
    /// <returns>How many they are, at least one.</returns>
    /// <exception cref="HttpSyntaxException">Chunks that are malformed.</exception>
    public int AdvanceRun(ReadOnlySpan<byte> bytes, out bool isContent)
    {
        isContent = state is State.UntilClose or State.Bytes or State.Data;
        if (state == State.UntilClose)
            return bytes.Length;
        if (!isContent)
        {
            Step(bytes[0]);
            return 1;
        }

        var step = (int)Math.Min(left, bytes.Length);
        left -= step;
        if (left == 0)
            state = state == State.Bytes ? State.Done : State.DataReturn;
        return step;
    }

    private void Step(byte c)
    {
        switch (state)
        {
            case State.Size:
                StepSize(c);
                break;
            case State.SizeSpace:
                Count();
                StepSizeEnd(c);
                break;
            case State.Extension:
                Count();
                if (c == '\r')
                    state = State.SizeLineFeed;
                else if (c == '\n')
                    throw Malformed();
                break;
            case State.SizeLineFeed:
                Expect(c, '\n');
                line = 0;
                digits = 0;
                state = left == 0 ? State.TrailerStart : State.Data;
                break;
            case State.DataReturn:
                Expect(c, '\r');
                state = State.DataLineFeed;
                break;
            case State.DataLineFeed:
                Expect(c, '\n');
                state = State.Size;
                break;
            case State.TrailerStart:
                state = c switch
                {
                    (byte)'\r' => State.EndLineFeed,
                    _ when HeadParser.IsToken(c) => State.Trailer,
                    _ => throw Malformed(),
                };
                Count();
                break;
            case State.Trailer:
                Count();
                if (c == '\r')
                    state = State.TrailerLineFeed;
                else if (c == '\n')
                    throw Malformed();
                break;
            case State.TrailerLineFeed:
                Expect(c, '\n');
                state = State.TrailerStart;
                break;
            case State.EndLineFeed:
                Expect(c, '\n');
                state = State.Done;
                break;
            default:
                throw new InvalidOperationException($"No step from {state}.");
        }
    }

    private void StepSize(byte c)
    {
        var digit = c switch
        {
            >= (byte)'0' and <= (byte)'9' => c - '0',
            >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
            _ => -1,
        };
        if (digit >= 0)
        {
            if (++digits > 15)
                throw Malformed();
            left = (left * 16) + digit;
            return;
        }

        if (digits == 0)
            throw Malformed();
        StepSizeEnd(c);
    }

    /// <summary>
    /// White space may stand before an extension (RFC 9112 §7.1.1), and stands before the line's end in the replies of servers that pad
    /// their sizes; in a request, which others read after us, that is refused.
    /// </summary>
    private void StepSizeEnd(byte c) => state = c switch
    {
        (byte)'\r' when isReply || state == State.Size => State.SizeLineFeed,
        (byte)';' => State.Extension,
        (byte)' ' or (byte)'\t' => State.SizeSpace,
        _ => throw Malformed(),
    };

    private void Count()
    {
        if (++line > LongestLine)
            throw Malformed();
    }

    private static void Expect(byte actual, char expected)
    {
        if (actual != expected)
            throw Malformed();
    }

    private static HttpSyntaxException Malformed() => new("malformed chunk");
}
