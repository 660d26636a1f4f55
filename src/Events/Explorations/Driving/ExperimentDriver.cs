using System.Collections.Immutable;
using JustRunIt.Events.Matrices;

namespace JustRunIt.Events.Explorations.Driving;

/// <summary>Chooses the next cell (§2.2.2): corners, then the middle of each unexplored range, recursively.</summary>
public static class ExperimentDriver
{
    /// <summary>Name of heuristic 1 in <see cref="CellsPruned"/>.</summary>
    public const string DiminishingReturnsHeuristic = "diminishing-returns";

    /// <summary>The next cell to measure, or why there is none.</summary>
    public static (Cell? Cell, string Reason) Next(MatrixState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.ExplorationEnded)
        {
            return state.Validations.IsEmpty
                ? (null, "all validations done")
                : state.IsOutOfTime(now)
                    ? (null, "time for validations used up")
                    : (state.Validations[0], "");
        }

        if (state.Started >= state.Settings.Experiments)
            return (null, "number of experiments reached");
        var next = ExperimentOrder.Order(state.Shape).FirstOrDefault(cell =>
            !state.Measured.ContainsKey(cell) && !state.Failed.Contains(cell) && !state.Pruned.Contains(cell));
        if (next is null)
            return (null, "all cells known");
        return state.IsOutOfTime(now) ? (null, "time budget used up") : (next, "");
    }

    /// <summary>The cells that heuristic 1 cancels now, if any (§2.2.2).</summary>
    public static CellsPruned? Prune(MatrixState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.ExplorationEnded || state.Settings.PruneGainBelow is not { } threshold)
            return null;
        var agreement = state.Settings.Agreement;
        var values = state.Measured.ToImmutableSortedDictionary(
            entry => entry.Key, entry => agreement.Cost(entry.Value.Sandbox.Metrics[agreement.Metric]!.Value.Value));
        var pruned = DiminishingReturns.Prune(state.Shape, values, threshold)
            .Where(cancelled => !state.Pruned.Contains(cancelled.Cell) && !state.Failed.Contains(cancelled.Cell))
            .ToList();
        return pruned.Count == 0
            ? null
            : new CellsPruned(
                state.Settings.MatrixId,
                DiminishingReturnsHeuristic,
                [.. pruned.Select(cancelled => cancelled.Cell)],
                pruned.Min(cancelled => cancelled.Gain),
                threshold);
    }
}
