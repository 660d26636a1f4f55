using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Explorations;

/// <summary>An exploration begins: experiments with the tiers of a service, within a budget. On the exploration's stream, by the Experimenter.</summary>
/// <param name="ExplorationId">Follows from the cause.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre that hosts it.</param>
/// <param name="Trigger">Wire name of the event that led to it.</param>
/// <param name="Agreed">The agreed mean response time at this moment.</param>
/// <param name="Settings">The configuration in force.</param>
/// <param name="Matrices">One matrix a tier, in the order of exploration.</param>
/// <param name="At">When (UTC); the time budget runs from here, but for the time that the sandbox is awaited.</param>
[WireName("justrunit.exploration-started.v1")]
public sealed record ExplorationStarted(
    Guid ExplorationId,
    string Service,
    string DataCenter,
    string Trigger,
    TimeSpan Agreed,
    ExplorationSettings Settings,
    IReadOnlyList<Guid> Matrices,
    DateTimeOffset At) : IDomainEvent;
