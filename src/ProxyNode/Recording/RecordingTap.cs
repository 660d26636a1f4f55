using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// Copies one exchange as it passes, as far as there is memory. One that has no place is given up, and counted; it was
/// relayed all the same.
/// </summary>
internal sealed class RecordingTap(Recorder recorder, Matcher matcher, string context, long arrival, bool isOneWay) : ITap
{
    /// <summary>Bytes reserved for an exchange besides what it says.</summary>
    public const int Overhead = 300;

    private readonly Lock gate = new();
    private byte[] request = [];
    private byte[] reply = [];
    private int requestLength;
    private int replyLength;
    private int held;
    private int ended = isOneWay ? 1 : 0;
    private bool isGivenUp;

    /// <summary>Of the connection.</summary>
    public Matcher Matcher => matcher;

    /// <summary>What its connection had set when it began; see <see cref="Dialogue.Context"/>.</summary>
    public string Context => context;

    /// <summary>When it arrived.</summary>
    public long Arrival => arrival;

    /// <summary>The server does not answer it.</summary>
    public bool IsOneWay => isOneWay;

    /// <summary>When its reply's last bytes were received.</summary>
    public long Answered { get; private set; }

    /// <summary>The reply ended before the request did.</summary>
    public bool IsEarly { get; private set; }

    /// <summary>Whether the connection ends with the reply.</summary>
    public bool Closes { get; private set; }

    /// <summary>When its parts passed; null where it has none.</summary>
    public PartTimes? Times { get; private set; }

    /// <summary>What was asked.</summary>
    public ReadOnlySpan<byte> RequestBytes => request.AsSpan(0, requestLength);

    /// <summary>What was answered.</summary>
    public ReadOnlySpan<byte> ReplyBytes => reply.AsSpan(0, replyLength);

    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        var isFirst = requestLength == 0;
        Append(ref request, ref requestLength, bytes);
        if (!isFirst)
            Mark();
    }

    /// <inheritdoc />
    public void RequestEnded() => End();

    /// <inheritdoc />
    public void RequestBroken() => Release();

    /// <inheritdoc />
    public void Reply(ReadOnlySpan<byte> bytes, int headLength)
    {
        Append(ref reply, ref replyLength, bytes);
        if (Volatile.Read(ref ended) == 0)
            Mark();
    }

    /// <inheritdoc />
    public void ReplyEnded(in ServerStep step, long received)
    {
        (Closes, Answered, IsEarly) = (step.Closes, received, Volatile.Read(ref ended) == 0);
        End();
    }

    /// <inheritdoc />
    public void Aborted(long at) => Release();

    /// <summary>Gives its memory back. More than once does nothing.</summary>
    public void Release()
    {
        lock (gate)
        {
            isGivenUp = true;
            Return(ref request);
            Return(ref reply);
            (requestLength, replyLength) = (0, 0);
            recorder.LetGo(held);
            held = 0;
        }
    }

    /// <summary>A piece has passed that is not the whole: the parts of an exchange have times of their own.</summary>
    private void Mark()
    {
        if (!matcher.HasParts)
            return;
        lock (gate)
            (Times ??= new PartTimes()).Add(requestLength, replyLength, recorder.Now);
    }

    private void Return(ref byte[] bytes)
    {
        if (bytes.Length > 0)
            recorder.Buffers.Return(bytes);
        bytes = [];
    }

    private void Append(ref byte[] to, ref int length, ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (isGivenUp)
                return;
            if ((long)length + bytes.Length <= to.Length || TryGrow(ref to, length, (long)length + bytes.Length))
            {
                bytes.CopyTo(to.AsSpan(length));
                length += bytes.Length;
                return;
            }
        }

        recorder.CountLost();
        Release();
    }

    private bool TryGrow(ref byte[] bytes, int length, long needed)
    {
        if (needed > Array.MaxLength)
            return false;
        var larger = recorder.Buffers.Rent((int)(length == 0 ? needed : Math.Min(needed * 2, Array.MaxLength)));
        var more = larger.Length - bytes.Length + (held == 0 ? Overhead : 0);
        if (!recorder.TryHold(more))
        {
            recorder.Buffers.Return(larger);
            return false;
        }

        held += more;
        bytes.AsSpan(0, length).CopyTo(larger);
        Return(ref bytes);
        bytes = larger;
        return true;
    }

    /// <summary>A server may answer before it has the whole request: the second of both ends is the exchange's.</summary>
    private void End()
    {
        if (Interlocked.Increment(ref ended) == 2 && !isGivenUp)
            recorder.Ended(this);
    }
}
