namespace JustRunIt.Events.Store.Relaying;

/// <summary>An event as it stands in the table.</summary>
/// <param name="Sequence">Its number in the whole store.</param>
/// <param name="Id">Its id.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Version">Its number on the stream.</param>
/// <param name="WireName">Its wire name.</param>
/// <param name="Json">Its body.</param>
/// <param name="AtUtc">When it was appended.</param>
/// <param name="CorrelationId">Its correlation.</param>
/// <param name="CausationId">The message that led to it; null when it is not known.</param>
/// <param name="IsOfOlderProgram">Whether a program wrote it that recorded no decisions, and named fields differently.</param>
internal readonly record struct RecordedEvent(
    long Sequence,
    Guid Id,
    string Stream,
    long Version,
    string WireName,
    byte[] Json,
    DateTime AtUtc,
    Guid CorrelationId,
    Guid? CausationId,
    bool IsOfOlderProgram);
