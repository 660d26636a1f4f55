using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>No clone could be made, or it was lost. On the matrix' stream, by the Experimenter on the host agent's word.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="Reason">One line.</param>
/// <param name="Agent">The host agent that is to destroy it, should it come after all; null where there is none to destroy.</param>
[WireName("justrunit.clone-failed.v1")]
public sealed record CloneFailed(Guid MatrixId, string CloneName, string Reason, string? Agent = null) : IDomainEvent;
