using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.Exchanges;

namespace JustRunIt.ProxyNode.Tracing;

/// <summary>Records one client connection, besides what others see of it.</summary>
internal sealed class TraceTaps(TraceWriter writer, IConnectionTaps others, long connection) : IConnectionTaps
{
    /// <inheritdoc />
    public ITap? Begin(Dialogue dialogue, in ClientStep step, long arrival)
    {
        var other = others.Begin(dialogue, step, arrival);
        return writer.Begin(step, connection, arrival, other) ?? other;
    }

    /// <inheritdoc />
    public void Dispose() => others.Dispose();
}

/// <summary>One exchange that is being recorded.</summary>
internal sealed class TraceTap(TraceWriter writer, long connection, long arrival, bool isOneWay, ReplyReader reply, ITap? other) : ITap
{
    private readonly ArrayBufferWriter<byte> request = new(512);
    private int endsLeft = isOneWay ? 1 : 2;
    private long endedAt;
    private int status = Answer.NoReply;
    private bool isError = !isOneWay;

    /// <summary>It cannot be recorded: too much waits for the disk, or its request never ended.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The request.</summary>
    public ReadOnlySpan<byte> RequestBytes => request.WrittenSpan;

    /// <summary>What is recorded of it.</summary>
    public TraceEntry ToEntry(TimeProvider clock, long startedAt) => new()
    {
        Connection = connection,
        Arrival = clock.GetElapsedTime(startedAt, arrival),
        ResponseTime = isOneWay ? TimeSpan.Zero : clock.GetElapsedTime(arrival, endedAt),
        Status = status,
        IsError = isError,
        IsOneWay = isOneWay,
        ReplyLength = reply.Length,
        ReplyHash = reply.Hash,
        PlainReplyLength = reply.PlainLength,
        PlainReplyHash = reply.PlainHash,
        Issued = reply.Issued ?? [],
    };

    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        other?.Request(bytes);
        if (IsLost)
            return;
        if (writer.TryHold(bytes.Length))
            request.Write(bytes);
        else
            IsLost = true;
    }

    /// <inheritdoc />
    public void RequestEnded()
    {
        other?.RequestEnded();
        End();
    }

    /// <inheritdoc />
    public void RequestBroken()
    {
        other?.RequestBroken();
        IsLost = true;
        End();
    }

    /// <inheritdoc />
    public void Reply(ReadOnlySpan<byte> bytes, int headLength)
    {
        other?.Reply(bytes, headLength);
        reply.Append(bytes, headLength);
    }

    /// <inheritdoc />
    public void ReplyEnded(in ServerStep step, long received)
    {
        other?.ReplyEnded(step, received);
        reply.End();
        (status, isError, endedAt) = (step.Status, step.IsError, received);
        End();
    }

    /// <inheritdoc />
    public void Aborted(long at)
    {
        other?.Aborted(at);
        endedAt = at;
        End();
    }

    /// <summary>A server may answer before it has the whole request: the second of both ends is the exchange's.</summary>
    private void End()
    {
        if (Interlocked.Decrement(ref endsLeft) == 0)
            writer.Ended(this);
    }
}
