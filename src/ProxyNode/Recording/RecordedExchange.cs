namespace JustRunIt.ProxyNode.Recording;

/// <summary>
/// An on-line request to the next tier, and how it was answered. Used anew for another when the record has let it go: what lives
/// as long as a time shift and is then garbage costs a collector more than anything else, and on-line connections their time.
/// </summary>
internal sealed class RecordedExchange
{
    private const long Nobody = -1;

    private ReplyStore.Place reply;

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

    /// <summary>Bytes of the reply.</summary>
    public int ReplyLength => reply.Length;

    /// <summary>Fills it.</summary>
    public void Set(in RequestKeys keys, long arrival, long sequence, TimeSpan delay, in ReplyStore.Place place, bool closes)
    {
        (Keys, Arrival, Sequence, Delay, Closes) = (keys, arrival, sequence, delay, closes);
        reply = place;
        Next = null;
    }

    /// <summary>Gives its reply's place back.</summary>
    public void LetGo(ReplyStore store)
    {
        store.LetGo(reply);
        Forget();
    }

    /// <summary>It is on record no more.</summary>
    public void Forget() => (reply, Keys, Sequence, Next) = (default, default, Nobody, null);

    /// <summary>What answers a clone's request.</summary>
    public RecordedReply ToReply() => new(Arrival, Delay, reply.Bytes.ToArray(), Closes, Place);
}
