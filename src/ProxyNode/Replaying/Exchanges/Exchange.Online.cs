using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Replaying.Accounting;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;

namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <content>What the on-line connection tells of the request and of the original's reply.</content>
internal sealed partial class Exchange
{
    /// <inheritdoc />
    public void Request(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (IsShed || IsAbandoned)
                return;
            if (request.HasRoomFor(bytes.Length) || (!Shadow.IsShed && request.TryGrow(bytes.Length)))
            {
                request.Append(bytes);
                return;
            }
        }

        Shadow.GiveUp(GiveUpReason.Memory);
        Shed(Shadow.WhyGivenUp);
    }

    /// <inheritdoc />
    public void RequestEnded()
    {
        lock (gate)
        {
            if (!IsShed && !IsAbandoned && !IsOneWay)
                Order = OrderOrStrictest();
            if (Order is not (SqlOrder.Any or SqlOrder.Reads))
                isIrregular = true;
            if (!TryMove(ExchangeEvent.RequestEnded, out _))
                return;
        }

        // The reply may have ended on another thread meanwhile: at least one of both sees the other.
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any && Online.EndedAt != 0)
            replay.WriteOrder.CompletedOnline(this);
        if (!Shadow.TryAdd(this))
            Shed(Shadow.WhyGivenUp);
    }

    /// <inheritdoc />
    public void RequestBroken()
    {
        lock (gate)
        {
            isIrregular = true;
            if (!TryMove(ExchangeEvent.RequestBroken, out _))
                return;
        }

        replay.Ledger.EndWithout(NotDuplicated.Abandoned);
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
            var reader = OnlineReply ??= OpenOnline();
            if (reader.KeepsText && !TryHoldText(bytes.Length))
                IsComparable = false;
            else
                reader.Append(bytes, headLength);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            // Its framing was sound, so the client has it. That it cannot be read further is not the client's concern.
            IsComparable = false;
        }
    }

    /// <inheritdoc />
    public void ReplyEnded(in ServerStep step, long received)
    {
        if (State == ExchangeState.Asking)
            isIrregular = true;
        IsComparable &= !step.IsJoint;
        Online = new Answer(received, step.Status, step.IsError);
        CompletedOnline();
        // What takes time, rules and comparison, is done apart from the connection.
        if (OnlineReply is { KeepsText: true } || State == ExchangeState.CloneDone)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else
            Execute();
    }

    /// <summary>The on-line side has ended.</summary>
    public void Execute()
    {
        try
        {
            OnlineReply?.End();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            // The client has it, and nothing more is to become of it than that it is not compared.
            IsComparable = false;
        }

        LetTextGo();
        Answered(ExchangeEvent.OnlineAnswered);
    }

    /// <inheritdoc />
    public void Aborted(long at)
    {
        isIrregular = true;
        Online = Answer.None(at);
        CompletedOnline();
        LetTextGo();
        ExchangeState now;
        lock (gate)
        {
            if (!TryMove(ExchangeEvent.OnlineAborted, out now))
                return;
        }

        if (now == ExchangeState.Complete)
            Finish();
        if (now != ExchangeState.Abandoned)
            return;
        replay.Ledger.EndWithout(NotDuplicated.Abandoned);
        Release();
        Leave();
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

    private ReplyReader OpenOnline()
    {
        var reader = Interlocked.Exchange(ref spareOnline, null) ?? Shadow.Session.OpenReply(this);
        // Some are kept as texts, so that there is an excerpt where they differ.
        if (!replay.Budget.HasRoom || !replay.Comparison.TryBeginTexts())
            return reader;
        isSampled = replay.Budget.TryHold(SampleBytes);
        if (isSampled)
            reader.KeepForSample();
        else
            replay.Comparison.EndTexts();
        return reader;
    }

    /// <summary>The text of a reply is held until rules were applied to it, as far as there is memory.</summary>
    private bool TryHoldText(int bytes)
    {
        lock (gate)
        {
            if (Online.EndedAt != 0 || !replay.Budget.TryHold(bytes))
                return false;
            text += bytes;
            return true;
        }
    }

    private void LetTextGo()
    {
        lock (gate)
        {
            replay.Budget.LetGo(text);
            text = 0;
        }
    }

    private void CompletedOnline()
    {
        Interlocked.MemoryBarrier();
        if (Order != SqlOrder.Any)
            replay.WriteOrder.CompletedOnline(this);
    }
}
