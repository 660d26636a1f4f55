using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>One on-line request with its duplicate: what was asked, and how each side answered.</summary>
internal sealed class Exchange(Replay replay, ShadowConnection shadow, long arrival, bool isOneWay) : ITap
{
    private byte[]? buffer = ArrayPool<byte>.Shared.Rent(512);
    private int length;
    private int sidesLeft = isOneWay ? 1 : 2;
    private bool isUnreadable;

    /// <summary>The connection to the clone that its duplicate takes.</summary>
    public ShadowConnection Shadow { get; } = shadow;

    /// <summary>When the on-line request's first byte was read.</summary>
    public long Arrival { get; } = arrival;

    /// <summary>The server does not answer such a request.</summary>
    public bool IsOneWay { get; } = isOneWay;

    /// <summary>The protocol's own number of the kind of request.</summary>
    public int Kind { get; init; }

    /// <summary>When the duplicate is due: the sandbox' clock starts here, so that a slow clone cannot hide its queue.</summary>
    public long Due { get; } = replay.DueAt(arrival);

    /// <summary>The on-line side; its end is 0 while it is not answered.</summary>
    public Answer Online { get; private set; }

    /// <summary>
    /// When the original's reply was received, before its client could know of it: whatever the client did because of it
    /// arrived later.
    /// </summary>
    public long CompletedAt { get; private set; }

    /// <summary>The sandbox side; its end is 0 while it is not answered.</summary>
    public Answer Sandbox { get; private set; }

    /// <summary>What the original replied.</summary>
    public ReplyReader? OnlineReply { get; private set; }

    /// <summary>What the clone replied.</summary>
    public ReplyReader? SandboxReply { get; private set; }

    /// <summary>The duplicate was never sent, because memory was short.</summary>
    public bool IsShed { get; private set; }

    /// <summary>
    /// The clone gets something else than the original got, with the same effect; both replies say nothing of each other.
    /// </summary>
    public bool IsReplaced { get; set; }

    /// <summary>Whether it is a write of a database, repeated in the order in which the original completed them.</summary>
    public SqlOrder Order { get; private set; }

    /// <summary>Both sides have answered or will never.</summary>
    public bool IsComplete => IsShed || ((IsOneWay || Online.EndedAt != 0) && Sandbox.EndedAt != 0);

    /// <summary>The duplicate's bytes; empty once they were given back.</summary>
    public ReadOnlyMemory<byte> RequestBytes => buffer is null ? default : buffer.AsMemory(0, length);

    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        if (IsShed)
            return;
        if (Shadow.IsShed || !replay.TryHold(Shadow, bytes.Length))
        {
            Shed();
            return;
        }

        if (length + bytes.Length > buffer!.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((length + bytes.Length) * 2);
            buffer.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    /// <inheritdoc />
    public void RequestEnded()
    {
        if (IsShed)
            return;
        Order = IsOneWay ? SqlOrder.Any : OrderOrStrictest();
        // The reply may have ended on another thread meanwhile: at least one of both sees the other.
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any && Online.EndedAt != 0)
            replay.WriteOrder.CompletedOnline(this);
        if (!Shadow.TryAdd(this))
            Shed();
    }

    /// <inheritdoc />
    public void Reply(ReadOnlySpan<byte> bytes, int headLength)
    {
        if (IsShed || isUnreadable)
            return;
        try
        {
            OnlineReply ??= Shadow.Session.OpenReply(this);
            OnlineReply.Append(bytes, headLength);
        }
        catch (ProtocolException)
        {
            // Its framing was sound, so the client has it. That it cannot be read further is not the client's concern.
            isUnreadable = true;
        }
    }

    /// <inheritdoc />
    public void ReplyEnded(in ServerStep step, long received, long at)
    {
        OnlineReply?.End();
        CompletedAt = received;
        Online = new Answer(at, step.Status, step.IsError);
        CompletedOnline();
        SideEnded();
    }

    /// <inheritdoc />
    public void Aborted(long at)
    {
        OnlineReply = null;
        CompletedAt = at;
        Online = Answer.None(at);
        CompletedOnline();
        SideEnded();
    }

    /// <summary>The next bytes of the clone's reply.</summary>
    public void SandboxReplies(ReadOnlySpan<byte> bytes, int headLength)
    {
        SandboxReply ??= Shadow.Session.OpenReply(this);
        SandboxReply.Append(bytes, headLength);
    }

    /// <summary>The clone's reply is read anew: the connection broke before its end.</summary>
    public void SandboxRestarts() => SandboxReply = null;

    /// <summary>The clone has answered, or never will.</summary>
    public void SandboxAnswered(in Answer answer)
    {
        SandboxReply?.End();
        Sandbox = answer;
        if (Order != SqlOrder.Any)
            replay.WriteOrder.Done(this);
        SideEnded();
    }

    /// <summary>Gives the duplicate up because memory is short.</summary>
    public void Shed()
    {
        if (IsShed)
            return;
        IsShed = true;
        replay.CountShed();
        if (Order != SqlOrder.Any)
            replay.WriteOrder.Done(this);
        Release();
    }

    private void CompletedOnline()
    {
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any)
            replay.WriteOrder.CompletedOnline(this);
    }

    private void SideEnded()
    {
        if (Interlocked.Decrement(ref sidesLeft) != 0)
            return;
        // Until here the request is needed: whichever side ends last, what was asked tells how to compare and to pair.
        if (!IsShed && !IsOneWay)
            replay.Ended(this);
        Release();
    }

    /// <summary>A request that cannot be read further is taken for one whose order matters.</summary>
    private SqlOrder OrderOrStrictest()
    {
        try
        {
            return Shadow.Session.OrderOf(RequestBytes.Span);
        }
        catch (ProtocolException)
        {
            return SqlOrder.Ordered;
        }
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref buffer, null) is not { } released)
            return;
        replay.LetGo(Shadow, length);
        ArrayPool<byte>.Shared.Return(released);
    }
}
