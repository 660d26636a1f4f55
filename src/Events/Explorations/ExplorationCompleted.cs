using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Explorations;

/// <summary>No more experiments will be run for this exploration. On the exploration's stream, by the Experimenter.</summary>
/// <param name="ExplorationId">The exploration.</param>
/// <param name="Service">The service.</param>
/// <param name="Reason">Why it ended: all cells known, number of experiments reached, time used up, or what failed.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.exploration-completed.v1")]
public sealed record ExplorationCompleted(Guid ExplorationId, string Service, string Reason, DateTimeOffset At) : IDomainEvent;
