using System.Buffers;
using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;

namespace JustRunIt.ProxyNode.Replaying;

/// <summary>
/// One on-line request with its duplicate: what was asked, and how each side answered. Used again for another request once
/// both sides are done with it: duplicates wait for a whole time shift, so that new ones each time would be old enough to be
/// copied by every collection, and a collection stops the on-line side too.
/// </summary>
internal sealed class Exchange(Replay replay) : ITap, IThreadPoolWorkItem
{
    /// <summary>Bytes reserved for an exchange besides its request: the object, its readers and its places in the queues.</summary>
    public const int Overhead = 800;

    private readonly Lock gate = new();
    private byte[] buffer = [];
    private int length;
    private int text;
    private int sidesLeft;
    private int holders;
    private bool isQueued;
    private bool isIrregular;
    private ReplyReader? spareOnline;
    private ReplyReader? spareSandbox;

    /// <summary>The connection to the clone that its duplicate takes.</summary>
    public ShadowConnection Shadow { get; private set; } = null!;

    /// <summary>When the on-line request's first byte was read.</summary>
    public long Arrival { get; private set; }

    /// <summary>The server does not answer such a request.</summary>
    public bool IsOneWay { get; private set; }

    /// <summary>The protocol's own number of the kind of request.</summary>
    public int Kind { get; private set; }

    /// <summary>When the duplicate is due: the sandbox' clock starts here, so that a slow clone cannot hide its queue.</summary>
    public long Due { get; private set; }

    /// <summary>The on-line side; its end is 0 while it is not answered.</summary>
    public Answer Online { get; private set; }

    /// <summary>
    /// When the original's reply was received, before its client could know of it: whatever the client did because of it
    /// arrived later.
    /// </summary>
    public long CompletedAt => Online.EndedAt;

    /// <summary>The sandbox side; its end is 0 while it is not answered.</summary>
    public Answer Sandbox { get; private set; }

    /// <summary>What the original replied.</summary>
    public ReplyReader? OnlineReply { get; private set; }

    /// <summary>What the clone replied.</summary>
    public ReplyReader? SandboxReply { get; private set; }

    /// <summary>The duplicate was never sent: memory was short, or the request never came to its end.</summary>
    public bool IsShed { get; private set; }

    /// <summary>
    /// The clone gets something else than the original got, with the same effect; both replies say nothing of each other.
    /// </summary>
    public bool IsReplaced { get; set; }

    /// <summary>The on-line connection ended within the request: there is nothing to repeat.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>When it was due, the clone still worked on another of the same connection.</summary>
    public bool HadToWait { get; set; }

    /// <summary>Whether the original's reply is known whole: it could be read, and there was memory for its text.</summary>
    public bool IsComparable { get; private set; }

    /// <summary>Whether it is a write of a database, repeated in the order in which the original completed them.</summary>
    public SqlOrder Order { get; private set; }

    /// <summary>Both sides have answered or will never.</summary>
    public bool IsComplete => IsShed || IsAbandoned || ((IsOneWay || Online.EndedAt != 0) && Sandbox.EndedAt != 0);

    /// <summary>The duplicate's bytes; empty once they were given back.</summary>
    public ReadOnlyMemory<byte> RequestBytes => buffer.AsMemory(0, length);

    /// <summary>Begins. <see cref="Overhead"/> is reserved already.</summary>
    /// <param name="shadow">The connection that the duplicate takes.</param>
    /// <param name="step">How the request begins.</param>
    /// <param name="arrival">When its first byte was read.</param>
    /// <param name="isKept">Somebody else holds it too, until <see cref="Leave"/>.</param>
    public void Begin(ShadowConnection shadow, in ClientStep step, long arrival, bool isKept)
    {
        (Shadow, Arrival, IsOneWay, Kind, Due) = (shadow, arrival, step.IsOneWay, step.Kind, replay.DueAt(arrival));
        (sidesLeft, holders) = (IsOneWay ? 1 : 2, isKept ? 2 : 1);
        (isQueued, isIrregular, HadToWait, IsComparable, IsReplaced, Order) = (false, IsOneWay, false, true, false, SqlOrder.Any);
        (Online, Sandbox) = (default, default);
    }

    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        var isRefused = false;
        lock (gate)
        {
            if (IsShed || IsAbandoned)
                return;
            if (length + bytes.Length > buffer.Length)
                isRefused = Shadow.IsShed || !TryGrow(length + bytes.Length);
            if (!isRefused)
            {
                bytes.CopyTo(buffer.AsSpan(length));
                length += bytes.Length;
            }
        }

        if (!isRefused)
            return;
        Shadow.GiveUp();
        Shed();
    }

    /// <inheritdoc />
    public void RequestEnded()
    {
        lock (gate)
        {
            if (IsShed || IsAbandoned)
                return;
            Order = IsOneWay ? SqlOrder.Any : OrderOrStrictest();
            if (Order is not (SqlOrder.Any or SqlOrder.Reads))
                isIrregular = true;
            isQueued = true;
        }

        // The reply may have ended on another thread meanwhile: at least one of both sees the other.
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any && Online.EndedAt != 0)
            replay.WriteOrder.CompletedOnline(this);
        if (!Shadow.TryAdd(this))
            Shed();
    }

    /// <inheritdoc />
    public void RequestBroken()
    {
        lock (gate)
        {
            if (isQueued || IsShed || IsAbandoned)
                return;
            (IsAbandoned, isIrregular) = (true, true);
        }

        Release();
        Leave();
    }

    /// <inheritdoc />
    public void Reply(ReadOnlySpan<byte> bytes, int headLength)
    {
        if (IsShed || !IsComparable)
            return;
        try
        {
            var reader = OnlineReply ??= Interlocked.Exchange(ref spareOnline, null) ?? Shadow.Session.OpenReply(this);
            if (reader.KeepsText && !TryHoldText(bytes.Length))
                IsComparable = false;
            else
                reader.Append(bytes, headLength);
        }
        catch (ProtocolException)
        {
            // Its framing was sound, so the client has it. That it cannot be read further is not the client's concern.
            IsComparable = false;
        }
    }

    /// <inheritdoc />
    public void ReplyEnded(in ServerStep step, long received)
    {
        if (!Volatile.Read(ref isQueued))
            isIrregular = true;
        Online = new Answer(received, step.Status, step.IsError);
        CompletedOnline();
        // What takes time, rules and comparison, is done apart from the connection.
        if (OnlineReply is { KeepsText: true } || Volatile.Read(ref sidesLeft) == 1)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else
            Execute();
    }

    /// <summary>The on-line side has ended.</summary>
    public void Execute()
    {
        OnlineReply?.End();
        LetTextGo();
        SideEnded();
    }

    /// <inheritdoc />
    public void Aborted(long at)
    {
        isIrregular = true;
        Online = Answer.None(at);
        CompletedOnline();
        LetTextGo();
        bool isAbandonedNow;
        lock (gate)
        {
            isAbandonedNow = !isQueued && !IsShed && !IsAbandoned;
            IsAbandoned |= isAbandonedNow;
        }

        if (!isAbandonedNow)
        {
            SideEnded();
            return;
        }

        Release();
        Leave();
    }

    /// <summary>The next bytes of the clone's reply.</summary>
    public void SandboxReplies(ReadOnlySpan<byte> bytes, int headLength)
    {
        SandboxReply ??= Interlocked.Exchange(ref spareSandbox, null) ?? Shadow.Session.OpenReply(this);
        SandboxReply.Append(bytes, headLength);
    }

    /// <summary>The clone's reply is read anew: the connection broke before its end.</summary>
    public void SandboxRestarts() => SandboxReply = null;

    /// <summary>The clone has answered, or never will. The exchange may be another one when this returns.</summary>
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
        lock (gate)
        {
            if (IsShed || IsAbandoned)
                return;
            IsShed = true;
            isIrregular = true;
        }

        replay.CountShed();
        if (Order != SqlOrder.Any)
            replay.WriteOrder.Done(this);
        Release();
        Leave();
    }

    /// <summary>One of those who hold it is done with it; the last gives it back.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref holders) > 0)
            return;
        replay.LetGo(Shadow, Overhead);
        // After anything out of the ordinary some thread may still know it: then it is never used again.
        if (isIrregular)
            return;
        (spareOnline, spareSandbox) = (Reusable(OnlineReply), Reusable(SandboxReply));
        (OnlineReply, SandboxReply) = (null, null);
        replay.GiveBack(this);
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

    private static ReplyReader? Reusable(ReplyReader? reader)
    {
        if (reader is not { IsReusable: true })
            return null;
        reader.Reset();
        return reader;
    }

    /// <summary>The text of a reply is held until rules were applied to it, as far as there is memory.</summary>
    private bool TryHoldText(int bytes)
    {
        lock (gate)
        {
            if (Online.EndedAt != 0 || !replay.TryHold(Shadow, bytes))
                return false;
            text += bytes;
            return true;
        }
    }

    private void LetTextGo()
    {
        lock (gate)
        {
            replay.LetGo(Shadow, text);
            text = 0;
        }
    }

    private void CompletedOnline()
    {
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any)
            replay.WriteOrder.CompletedOnline(this);
    }

    private void SideEnded()
    {
        if (Interlocked.Decrement(ref sidesLeft) == 0)
            Finish();
    }

    private void Finish()
    {
        if (IsShed)
            return;
        if (!IsOneWay)
            replay.Ended(this);
        Release();
        Leave();
    }

    private bool TryGrow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length == 0 ? needed : needed * 2);
        if (!replay.TryHold(Shadow, larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            return false;
        }

        buffer.AsSpan(0, length).CopyTo(larger);
        GiveBuffer();
        buffer = larger;
        return true;
    }

    /// <summary>Gives the request's bytes back.</summary>
    private void Release()
    {
        lock (gate)
        {
            GiveBuffer();
            (buffer, length) = ([], 0);
        }
    }

    private void GiveBuffer()
    {
        if (buffer.Length == 0)
            return;
        replay.LetGo(Shadow, buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
