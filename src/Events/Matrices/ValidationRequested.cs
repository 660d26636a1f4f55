using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>Measure an interpolated cell, at lower priority than explorations. Sent by the Checker to the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Deadline">Not after this time (UTC).</param>
[WireName("justrunit.validation-requested.v1")]
public sealed record ValidationRequested(Guid MatrixId, Cell Cell, DateTimeOffset Deadline) : ICommand;
