using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// The driver is done with the matrix for now, and the sandbox is given back. On the matrix' stream, by the Experimenter.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Purpose">Whether exploration or validation ended.</param>
/// <param name="Reason">All cells known, number of experiments reached, time used up, or what failed.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="ProxyNode">Stops its replay.</param>
/// <param name="Agent">Destroys the clone.</param>
/// <param name="CloneName">The last clone; null when there was none.</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.experiments-ended.v1")]
public sealed record ExperimentsEnded(
    Guid MatrixId,
    ExperimentPurpose Purpose,
    string Reason,
    string Service,
    string Tier,
    string ProxyNode,
    string Agent,
    string? CloneName,
    DateTimeOffset At) : IDomainEvent;
