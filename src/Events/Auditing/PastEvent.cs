using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;

namespace JustRunIt.Events.Auditing;

/// <summary>An event as it stands in a store.</summary>
/// <param name="Sequence">Its number among all events; of an event and one that was decided after it was read, the lower.</param>
/// <param name="Id">Its id.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Version">Its number on the stream, from 1.</param>
/// <param name="WireName">Its wire name.</param>
/// <param name="Body">Its body (JSON).</param>
/// <param name="At">When it was appended, by the store's clock (UTC).</param>
/// <param name="CausationId">Id of the message that led to it; null when it is not known.</param>
/// <param name="CorrelationId">What ties it to everything that one trigger led to; null when it is not known.</param>
/// <param name="Decision">The record of the decision that it is of (<see cref="Deciding.DecisionRecord"/>, JSON); null for none.</param>
public sealed record PastEvent(
    long Sequence,
    Guid Id,
    string Stream,
    long Version,
    string WireName,
    string Body,
    DateTimeOffset At,
    string? CausationId,
    string? CorrelationId,
    string? Decision)
{
    /// <summary>The event itself.</summary>
    /// <exception cref="UnknownEventException">No version of this program that wrote it is known.</exception>
    /// <exception cref="System.Text.Json.JsonException">Its body is not one of such an event.</exception>
    public IDomainEvent Read() => StoredEvents.Read(WireName, Body);
}
