using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Placement;

/// <summary>A cell as a decision read it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Cpu">Its CPU share.</param>
/// <param name="Mean">Mean response time.</param>
/// <param name="Interpolated">True when the value was not measured.</param>
public sealed record MatrixCell(Cell Cell, CpuShare Cpu, TimeSpan Mean, bool Interpolated);
