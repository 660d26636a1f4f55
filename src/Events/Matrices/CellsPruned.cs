using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>A heuristic cancelled experiments (§2.2.2). On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Heuristic">Which.</param>
/// <param name="Cells">The cancelled cells.</param>
/// <param name="Gain">Relative gain of the last resource addition that was seen.</param>
/// <param name="Threshold">The gain below which it cancels.</param>
[WireName("justrunit.cells-pruned.v1")]
public sealed record CellsPruned(
    Guid MatrixId,
    string Heuristic,
    IReadOnlyList<Cell> Cells,
    double Gain,
    double Threshold) : IDomainEvent;
