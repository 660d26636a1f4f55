using JustRunIt.Events.Matrices;

namespace JustRunIt.Events.Explorations.Driving;

/// <summary>A cell that a heuristic cancels.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Gain">The relative gain that was too small.</param>
public sealed record CancelledCell(Cell Cell, double Gain);
