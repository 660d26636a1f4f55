using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Placement.Goals;

/// <summary>
/// Two measured cells that cannot both be right: a larger allocation breaks the agreement, by more than its own error, that a
/// smaller one keeps. Interpolated cells contradict nothing: they lie between measured ones.
/// </summary>
public static class Contradiction
{
    /// <summary>The first such pair in one sentence; null when there is none.</summary>
    /// <param name="cells">Cells with a value.</param>
    /// <param name="agreement">What was agreed.</param>
    /// <param name="errors">How many standard errors a value must be beyond the bound.</param>
    public static string? Find(IReadOnlyList<MatrixCell> cells, Agreement agreement, double errors)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ArgumentNullException.ThrowIfNull(agreement);
        var measured = cells.Where(cell => !cell.Interpolated).ToList();
        foreach (var smaller in measured.Where(cell => cell.Keeps(agreement)))
        {
            var larger = measured.FirstOrDefault(cell =>
                !cell.Cell.Equals(smaller.Cell)
                && smaller.Allocation.IsWithin(cell.Allocation)
                && !agreement.MayBeKeptBy(cell.Value, errors * (cell.StandardError ?? 0)));
            if (larger is not null)
            {
                return $"{smaller.Allocation} keeps {agreement} with {MetricNames.Describe(agreement.Metric, smaller.Value)}, and "
                    + $"{larger.Allocation} breaks it with {MetricNames.Describe(agreement.Metric, larger.Value)}";
            }
        }

        return null;
    }
}
