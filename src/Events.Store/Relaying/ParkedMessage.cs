namespace JustRunIt.Events.Store.Relaying;

/// <summary>A message that could not be handed over.</summary>
/// <param name="Id">Its id: the event's own, that of a command that follows from one, or that of a timer.</param>
/// <param name="Sequence">Number in the whole store of the event that it is or follows from; null for a timer.</param>
/// <param name="WireName">Its wire name.</param>
/// <param name="Stream">The stream that it comes from.</param>
/// <param name="Version">Its event's number on the stream; null for a timer.</param>
/// <param name="Queue">Where it was to go; null for an event, which goes to whoever listens.</param>
/// <param name="Reason">Why it was parked.</param>
/// <param name="Problem">What was wrong when it was tried last, in words.</param>
/// <param name="At">Since when (UTC).</param>
/// <param name="Tries">How often it was tried again.</param>
/// <param name="IsAsked">Whether it is about to be tried again.</param>
/// <param name="Begun">How often it was begun to try it again, whatever came of it.</param>
public sealed record ParkedMessage(
    Guid Id,
    long? Sequence,
    string WireName,
    string? Stream,
    long? Version,
    string? Queue,
    ParkReason Reason,
    string Problem,
    DateTime At = default,
    int Tries = 0,
    bool IsAsked = false,
    int Begun = 0);
