using JustRunIt.ProxyNode.Protocols;
using JustRunIt.ProxyNode.Relaying;
using JustRunIt.ProxyNode.Replaying.Comparing;
using JustRunIt.ProxyNode.Replaying.GivingUp;
using JustRunIt.ProxyNode.Replaying.Ordering;
using JustRunIt.ProxyNode.Replaying.Shadows;

namespace JustRunIt.ProxyNode.Replaying.Exchanges;

/// <summary>
/// One on-line request with its duplicate: what was asked, and how each side answered. Used again for another request once
/// both sides are done with it: duplicates wait for a whole time shift, so that new ones each time would be old enough to be
/// copied by every collection, and a collection stops the on-line side too. What it is at a time, and what may happen to it then,
/// is <see cref="ExchangeTransitions"/>' table.
/// </summary>
internal sealed partial class Exchange(Replay replay) : ITap, IThreadPoolWorkItem
{
    /// <summary>Bytes reserved for an exchange besides its request: the object, its readers and its places in the queues.</summary>
    public const int Overhead = 800;

    /// <summary>Bytes reserved for the original's reply where it is kept as a text.</summary>
    private const int SampleBytes = ReplyReader.LongestSample * sizeof(char);

    private readonly Lock gate = new();
    private RequestCopy request = new(replay.Budget);
    private int state = (int)ExchangeState.Free;
    private int text;
    private int holders;
    private bool isIrregular;
    private bool isSampled;
    private ReplyReader? spareOnline;
    private ReplyReader? spareSandbox;

    /// <summary>Where it is between its request's first byte and both sides' answers.</summary>
    public ExchangeState State => (ExchangeState)Volatile.Read(ref state);

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

    /// <summary>The duplicate was given up before it was sent; <see cref="WhyShed"/> says why.</summary>
    public bool IsShed => State == ExchangeState.Shed;

    /// <summary>Why it was given up before it was sent, of one that was.</summary>
    public GiveUpReason WhyShed { get; private set; }

    /// <summary>
    /// The clone gets something else than the original got, with the same effect; both replies say nothing of each other.
    /// </summary>
    public bool IsReplaced { get; set; }

    /// <summary>Why its duplicate is not sent although everything else of the session is; null when it is sent.</summary>
    public GiveUpReason? NotSent { get; set; }

    /// <summary>The on-line connection ended within the request: there is nothing to repeat.</summary>
    public bool IsAbandoned => State == ExchangeState.Abandoned;

    /// <summary>When it was due, the clone still worked on another of the same connection.</summary>
    public bool HadToWait { get; set; }

    /// <summary>Whether the original's reply is known whole: it could be read, and there was memory for its text.</summary>
    public bool IsComparable { get; private set; }

    /// <summary>Whether it is a write of a database, repeated in the order in which the original completed them.</summary>
    public SqlOrder Order { get; private set; }

    /// <summary>Both sides have answered or will never.</summary>
    public bool IsComplete => State is ExchangeState.Complete or ExchangeState.Shed or ExchangeState.Abandoned;

    /// <summary>The duplicate's bytes; empty once they were given back.</summary>
    public ReadOnlyMemory<byte> RequestBytes => request.Bytes;

    /// <summary>Begins. <see cref="Overhead"/> is reserved already.</summary>
    /// <param name="shadow">The connection that the duplicate takes.</param>
    /// <param name="step">How the request begins.</param>
    /// <param name="arrival">When its first byte was read.</param>
    /// <param name="isKept">Somebody else holds it too, until <see cref="Leave"/>.</param>
    public void Begin(ShadowConnection shadow, in ClientStep step, long arrival, bool isKept)
    {
        (Shadow, Arrival, IsOneWay, Kind, Due) = (shadow, arrival, step.IsOneWay, step.Kind, replay.DueAt(arrival));
        (holders, isIrregular, HadToWait, IsComparable, IsReplaced, Order) = (isKept ? 2 : 1, IsOneWay, false, true, false, SqlOrder.Any);
        (Online, Sandbox, NotSent) = (default, default, null);
        TryMove(IsOneWay ? ExchangeEvent.BeginsOneWay : ExchangeEvent.Begins, out _);
        replay.Ledger.Begin();
    }

    /// <summary>The next bytes of the clone's reply.</summary>
    public void SandboxReplies(ReadOnlySpan<byte> bytes, int headLength)
    {
        if (SandboxReply is null)
        {
            SandboxReply = Interlocked.Exchange(ref spareSandbox, null) ?? Shadow.Session.OpenReply(this);
            if (isSampled)
                SandboxReply.KeepForSample();
        }

        SandboxReply.Append(bytes, headLength);
    }

    /// <summary>The clone's reply is read anew: the connection broke before its end.</summary>
    public void SandboxRestarts() => SandboxReply = null;

    /// <summary>The clone has answered, or never will. The exchange may be another one when this returns.</summary>
    public void SandboxAnswered(in Answer answer)
    {
        replay.Ledger.End(answer, IsOneWay);
        try
        {
            SandboxReply?.End();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            // A clone may say anything. It has answered; what it said cannot be compared.
            IsComparable = false;
        }

        Sandbox = answer;
        if (Order != SqlOrder.Any)
            replay.WriteOrder.Done(this);
        Answered(ExchangeEvent.CloneAnswered);
    }

    /// <summary>Either side may say anything: what cannot be read further is not compared.</summary>
    private static bool IsUnreadable(Exception e) => e is ProtocolException or ArgumentException or FormatException
        or IndexOutOfRangeException or InvalidOperationException or InvalidDataException;

    /// <summary>Gives the duplicate up before it was sent.</summary>
    /// <param name="why">Why.</param>
    public void Shed(GiveUpReason why)
    {
        lock (gate)
        {
            isIrregular = true;
            var before = WhyShed;
            WhyShed = why;
            if (!TryMove(ExchangeEvent.GivenUp, out _))
            {
                WhyShed = before;
                return;
            }
        }

        replay.Ledger.EndGivenUp(why);
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
        replay.Budget.LetGo(Overhead);
        EndSample();
        // After anything out of the ordinary some thread may still know it: then it is never used again.
        if (isIrregular)
            return;
        (spareOnline, spareSandbox) = (Reusable(OnlineReply), Reusable(SandboxReply));
        (OnlineReply, SandboxReply) = (null, null);
        if (TryMove(ExchangeEvent.Released, out _))
            replay.Pool.GiveBack(this);
    }

    private void EndSample()
    {
        if (!isSampled)
            return;
        isSampled = false;
        replay.Budget.LetGo(SampleBytes);
        replay.Comparison.EndTexts();
    }

    private static ReplyReader? Reusable(ReplyReader? reader)
    {
        if (reader is not { IsReusable: true })
            return null;
        reader.Reset();
        return reader;
    }

    private void Answered(ExchangeEvent side)
    {
        if (TryMove(side, out var now) && now == ExchangeState.Complete)
            Finish();
    }

    private void Finish()
    {
        if (!IsOneWay)
            replay.Ended(this);
        Release();
        Leave();
    }

    /// <summary>Gives the request's bytes back.</summary>
    private void Release()
    {
        lock (gate)
            request.Release();
    }

    private bool TryMove(ExchangeEvent what, out ExchangeState now)
    {
        var isMoved = ExchangeTransitions.TryMove(ref state, what, out now);
        if (now == ExchangeState.Impossible)
            replay.CountFault();
        return isMoved;
    }
}
