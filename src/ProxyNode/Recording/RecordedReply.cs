namespace JustRunIt.ProxyNode.Recording;

/// <summary>What answers a clone's request: a copy, the record may let go of the exchange meanwhile.</summary>
/// <param name="Arrival">When the on-line request arrived.</param>
/// <param name="Delay">From its arrival to the last byte of the reply.</param>
/// <param name="Reply">The reply's bytes, head included.</param>
/// <param name="Closes">Whether the connection ends with the reply.</param>
/// <param name="Place">Where it is on record; null for what is kept apart from it.</param>
internal sealed record RecordedReply(long Arrival, TimeSpan Delay, byte[] Reply, bool Closes, RecordPlace? Place = null)
{
    /// <summary>The beginning of the request, where the clone's is only one of its kind; null elsewhere.</summary>
    public byte[]? Request { get; init; }
}
