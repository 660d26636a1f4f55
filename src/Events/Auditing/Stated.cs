using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Auditing;

/// <summary>An event that a rule gives.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Version">Its number there.</param>
/// <param name="Event">The event.</param>
/// <param name="CorrelationId">What it bears: an event may say its own (<see cref="ICorrelated"/>).</param>
/// <param name="Decision">The decision that it is of.</param>
internal sealed record Stated(string Stream, long Version, IDomainEvent Event, Guid CorrelationId, DecisionAgain Decision);
