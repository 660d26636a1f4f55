using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using static JustRunIt.Events.Telling.Sentences;

namespace JustRunIt.Events.Telling;

/// <summary>Words for what fills a matrix, and what becomes of it; null for other events.</summary>
internal static class MatrixSentences
{
    public static string? Of(IDomainEvent @event) => @event switch
    {
        CellInterpolated e => $"cell {e.Cell} ({e.Allocation}) is interpolated: {e.Metrics}, {e.Method} from "
            + List(e.From.Select(cell => $"{cell}")),
        MatrixFilled e => $"the matrix of {e.Service}/{e.Tier} is filled: "
            + Say($"{e.Measured} cells measured, {e.Interpolated} interpolated, {e.Blank} blank"),
        InterpolationUsed e => $"the interpolated cell {e.Cell} was used by decision {e.DecisionId}",
        ValidationScheduled e => $"cell {e.Cell} is to be validated by {At(e.Deadline)}",
        InterpolationConfirmed e => $"the interpolated cell {e.Cell} is confirmed: {Both(e.Metric, e.Interpolated, e.Measured)}, "
            + Off(e.RelativeDifference, e.Threshold),
        MismatchDetected e => $"the interpolated cell {e.Cell} was wrong: {Both(e.Metric, e.Interpolated, e.Measured)}, "
            + Off(e.RelativeDifference, e.Threshold),
        _ => null,
    };

    private static string Both(string metric, double interpolated, double measured) =>
        $"{metric} {MetricNames.Describe(metric, interpolated)} interpolated, {MetricNames.Describe(metric, measured)} measured";

    private static string Off(double difference, double threshold) =>
        Say($"{difference * 100:0.#} % off where {threshold * 100:0.#} % are borne");
}
