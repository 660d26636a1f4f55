using System.Collections.Immutable;

namespace JustRunIt.Events.Matrices.Filling;

/// <summary>A value that was not measured.</summary>
/// <param name="Value">In the unit of the measured values.</param>
/// <param name="EstimatedError">In the same unit; how it is estimated is said by the method.</param>
/// <param name="From">The measured cells that it rests on.</param>
public sealed record InterpolatedValue(double Value, double EstimatedError, ImmutableArray<Cell> From);
