using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Explorations;

/// <summary>
/// An exploration begins: experiments with the tiers of a service, within a budget. On the exploration's stream, by the Experimenter.
/// </summary>
/// <param name="ExplorationId">Follows from the cause.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre that hosts it.</param>
/// <param name="Trigger">Wire name of the event that led to it.</param>
/// <param name="Goal">What it is for.</param>
/// <param name="Agreement">What is agreed at this moment.</param>
/// <param name="Seen">What led to it; null when nobody saw anything.</param>
/// <param name="Settings">The configuration in force.</param>
/// <param name="Matrices">One matrix a tier, in the order of exploration.</param>
/// <param name="Attempt">From 1; more when the matrices of the one before decided nothing.</param>
/// <param name="At">When (UTC); the time budget runs from here, but for the time that the sandbox is awaited.</param>
[WireName("justrunit.exploration-started.v2")]
public sealed record ExplorationStarted(
    Guid ExplorationId,
    string Service,
    string DataCenter,
    string Trigger,
    ExplorationGoal Goal,
    Agreement Agreement,
    Observation? Seen,
    ExplorationSettings Settings,
    IReadOnlyList<Guid> Matrices,
    int Attempt,
    DateTimeOffset At) : IDomainEvent;
