namespace JustRunIt.ProxyNode.Recording;

/// <summary>An exchange on record, as long as it is: its object is used anew for another one later.</summary>
/// <param name="Exchange">The object.</param>
/// <param name="Sequence">Number of the exchange that is meant.</param>
internal readonly record struct RecordPlace(RecordedExchange Exchange, long Sequence)
{
    /// <summary>The exchange; null once the record has let it go.</summary>
    public RecordedExchange? Held => Exchange.Sequence == Sequence ? Exchange : null;
}
