namespace JustRunIt.Events.Messaging;

/// <summary>The message that a decision answers, and when it is handled: everything a decider knows of the outside.</summary>
/// <param name="MessageId">The message's own id; recorded as causation id of every event that follows.</param>
/// <param name="CorrelationId">Ties everything that one trigger led to; the first cause's id where there is none.</param>
/// <param name="At">The clock at handling (UTC), read once by the shell.</param>
public sealed record Cause(Guid MessageId, Guid CorrelationId, DateTimeOffset At);
