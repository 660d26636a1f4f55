namespace JustRunIt.ProxyNode.Replaying.Ordering;

/// <summary>Whether the order of a request among those of other connections can matter.</summary>
internal enum SqlOrder
{
    /// <summary>It neither reads nor writes what others write.</summary>
    Any,

    /// <summary>It only reads: it must see what was written before it was asked.</summary>
    Reads,

    /// <summary>It writes or locks.</summary>
    Ordered,

    /// <summary>It ends a transaction, or begins one, and waits for no lock.</summary>
    EndsTransaction,
}
