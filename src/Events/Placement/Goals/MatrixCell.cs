using JustRunIt.Events.Matrices;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Goals;

/// <summary>A cell as a decision read it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Allocation">The amounts of the resources that were varied.</param>
/// <param name="Value">The agreed metric, in its unit.</param>
/// <param name="StandardError">Error of <paramref name="Value"/> in the same unit; null when unknown.</param>
/// <param name="Interpolated">True when the value was not measured.</param>
/// <param name="Breaks">Another agreement of the service that it breaks, in words; null: none that is known.</param>
public sealed record MatrixCell(
    Cell Cell, Allocation Allocation, double Value, double? StandardError, bool Interpolated, string? Breaks = null)
{
    /// <summary>Whether it keeps an agreement, and all others of the service.</summary>
    public bool Keeps(Agreement agreement)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        return Breaks is null && agreement.IsKeptBy(Value);
    }
}
