namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// An on-line request to the next tier, and how it was answered. Used anew for another when the record has let it go: what lives
/// as long as a time shift and is then garbage costs a collector more than anything else, and on-line connections their time.
/// </summary>
internal sealed class RecordedExchange
{
    private const long Nobody = -1;

    private ReplyStore.Place reply;
    private ReplyStore.Place request;

    /// <summary>What it is found by.</summary>
    public RequestKeys Keys { get; private set; }

    /// <summary>When it arrived.</summary>
    public long Arrival { get; private set; }

    /// <summary>Distinguishes those of the same arrival.</summary>
    public long Sequence { get; private set; } = Nobody;

    /// <summary>What came after it on its connection; null for nothing yet.</summary>
    public RecordPlace? Next { get; set; }

    /// <summary>What it is found by again, as long as it is on record.</summary>
    public RecordPlace Place => new(this, Sequence);

    /// <summary>From its arrival to the last byte of the reply.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>Whether the connection ends with the reply.</summary>
    public bool Closes { get; private set; }

    /// <summary>Whether the reply came before the request's end, which then came for nothing, or never.</summary>
    public bool IsEarly { get; set; }

    /// <summary>Bytes of the reply.</summary>
    public int ReplyLength => reply.Length;

    /// <summary>Bytes that are held: of the reply, and of the request's beginning.</summary>
    public int HeldLength => reply.Length + request.Length;

    /// <summary>Fills it.</summary>
    public void Set(
        in RequestKeys keys,
        long arrival,
        long sequence,
        TimeSpan delay,
        in ReplyStore.Place place,
        bool closes,
        in ReplyStore.Place asked = default)
    {
        (Keys, Arrival, Sequence, Delay, Closes) = (keys, arrival, sequence, delay, closes);
        (reply, request) = (place, asked);
        (Next, IsEarly) = (null, false);
    }

    /// <summary>Gives its reply's place back.</summary>
    public void LetGo(ReplyStore store)
    {
        store.LetGo(reply);
        store.LetGo(request);
        Forget();
    }

    /// <summary>It is on record no more.</summary>
    public void Forget() => (reply, request, Keys, Sequence, Next) = (default, default, default, Nobody, null);

    /// <summary>What answers a clone's request.</summary>
    /// <param name="withRequest">The beginning of the request is told too.</param>
    public RecordedReply ToReply(bool withRequest = false) =>
        new(Arrival, Delay, reply.Bytes.ToArray(), Closes, Place) { Request = withRequest ? request.Bytes.ToArray() : null };
}
