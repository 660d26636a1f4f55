using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A matrix of experiments with one tier is begun; all its cells are blank. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExplorationId">The exploration it belongs to.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Vm">The one server of the tier that is cloned (§3.1).</param>
/// <param name="Sandbox">Where its clone runs.</param>
/// <param name="ProxyNode">The proxy node around the original.</param>
/// <param name="Dimensions">Resources, ranges, points.</param>
/// <param name="Experiments">Largest number of experiments.</param>
/// <param name="Durations">How long each part of an experiment takes.</param>
/// <param name="PruneGainBelow">Heuristic 1's threshold; null when off.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="Slack">Fraction added to the minimum allocation.</param>
/// <param name="MismatchThreshold">For the checker.</param>
/// <param name="Deadline">End of the time budget (UTC), if the sandbox is free at once; see <see cref="MatrixState.Deadline"/>.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.matrix-opened.v1")]
public sealed record MatrixOpened(
    Guid MatrixId,
    Guid ExplorationId,
    string Service,
    string DataCenter,
    string Tier,
    string Vm,
    SandboxPlace Sandbox,
    string ProxyNode,
    IReadOnlyList<Dimension> Dimensions,
    int Experiments,
    ExperimentDurations Durations,
    double? PruneGainBelow,
    TimeSpan Agreed,
    double Slack,
    double MismatchThreshold,
    DateTimeOffset Deadline,
    DateTimeOffset At) : IDomainEvent;
