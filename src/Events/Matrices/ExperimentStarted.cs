using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// An experiment with one cell begins: the clone is to be given the cell's allocation. On the matrix' stream, by the Experimenter.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Allocation">What the clone is to have: the cell's amounts, and of every other resource what the original has.</param>
/// <param name="Purpose">Exploration or validation.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="CloneName">The clone.</param>
/// <param name="Endpoint">host:port of the clone.</param>
/// <param name="Agent">The clone's host agent.</param>
/// <param name="ProxyNode">The proxy node around the original.</param>
/// <param name="Durations">How long each part takes.</param>
/// <param name="AnswerBy">An experiment of which nothing was heard by then is lost (UTC).</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.experiment-started.v2")]
public sealed record ExperimentStarted(
    Guid MatrixId,
    Guid ExperimentId,
    Cell Cell,
    Allocation Allocation,
    ExperimentPurpose Purpose,
    string Service,
    string Tier,
    string CloneName,
    string Endpoint,
    string Agent,
    string ProxyNode,
    ExperimentDurations Durations,
    DateTimeOffset AnswerBy,
    DateTimeOffset At) : IDomainEvent;
