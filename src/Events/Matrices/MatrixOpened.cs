using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Matrices;

/// <summary>A matrix of experiments with one tier is begun; all its cells are blank. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExplorationId">The exploration it belongs to.</param>
/// <param name="CorrelationId">Of everything that the violation, or the slack, led to.</param>
/// <param name="Service">The service.</param>
/// <param name="DataCenter">The data centre.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Vm">The one server of the tier that is cloned (§3.1).</param>
/// <param name="Online">What that server has on-line: what no dimension varies, its clone has too.</param>
/// <param name="Sandbox">Where its clone runs.</param>
/// <param name="ProxyNode">The proxy node around the original.</param>
/// <param name="Goal">What the exploration is for.</param>
/// <param name="Seen">What led to it; null when nobody saw anything.</param>
/// <param name="SeenHere">Whether that was measured at the in-proxy of this tier, where the experiments measure.</param>
/// <param name="Dimensions">Resources, ranges, points.</param>
/// <param name="Experiments">Largest number of experiments.</param>
/// <param name="Durations">How long each part of an experiment takes.</param>
/// <param name="PruneGainBelow">Heuristic 1's threshold; null when off.</param>
/// <param name="Agreement">What was agreed.</param>
/// <param name="Slack">Fraction added to the minimum allocation.</param>
/// <param name="MismatchThreshold">For the checker.</param>
/// <param name="Interpolation">Name of the method that fills blank cells.</param>
/// <param name="Deadline">End of the time budget (UTC), if the sandbox is free at once; see <see cref="MatrixState.Deadline"/>.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.matrix-opened.v2")]
public sealed record MatrixOpened(
    Guid MatrixId,
    Guid ExplorationId,
    Guid CorrelationId,
    string Service,
    string DataCenter,
    string Tier,
    string Vm,
    Allocation Online,
    SandboxPlace Sandbox,
    string ProxyNode,
    ExplorationGoal Goal,
    Observation? Seen,
    bool SeenHere,
    IReadOnlyList<Dimension> Dimensions,
    int Experiments,
    ExperimentDurations Durations,
    double? PruneGainBelow,
    Agreement Agreement,
    double Slack,
    double MismatchThreshold,
    string Interpolation,
    DateTimeOffset Deadline,
    DateTimeOffset At) : IDomainEvent;
