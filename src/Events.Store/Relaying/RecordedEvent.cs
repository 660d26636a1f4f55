namespace JustRunIt.Events.Store.Relaying;

/// <summary>An event as it stands in the table.</summary>
internal readonly record struct RecordedEvent(
    long Sequence,
    Guid Id,
    string Stream,
    long Version,
    string WireName,
    byte[] Json,
    DateTime AtUtc,
    Guid CorrelationId,
    Guid? CausationId);
