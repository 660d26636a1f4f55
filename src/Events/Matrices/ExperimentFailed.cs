using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A cell could not be measured; the driver goes on with the others. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Purpose">Exploration or validation.</param>
/// <param name="Reason">One line.</param>
[WireName("justrunit.experiment-failed.v1")]
public sealed record ExperimentFailed(
    Guid MatrixId,
    Guid ExperimentId,
    Cell Cell,
    ExperimentPurpose Purpose,
    string Reason) : IDomainEvent;
