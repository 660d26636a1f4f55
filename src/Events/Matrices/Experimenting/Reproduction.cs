using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Matrices.Experimenting;

/// <summary>
/// Whether experiments with a tier can reproduce what their exploration is about. They measure at the tier's in-proxy; what
/// another source saw (an external monitor, another tier's in-proxy) may have its cause elsewhere, and then no allocation of
/// this tier cures it, and no value measured here speaks for it.
/// </summary>
internal static class Reproduction
{
    /// <summary>Why they cannot, after one experiment; null when they can, or nothing speaks against it.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="allocation">What the clone had.</param>
    /// <param name="online">What the in-proxy measured on-line during the experiment.</param>
    /// <param name="clone">What it measured at the clone.</param>
    /// <param name="policy">The rules in force.</param>
    public static CauseOutside? Problem(
        MatrixState matrix, Allocation allocation, SideMeasured online, SideMeasured clone, ExploringPolicy policy)
    {
        var settings = matrix.Settings;
        var agreement = settings.Agreement;
        if (matrix.ExplorationEnded || settings.Seen is not { } seen || online.Metrics[agreement.Metric] is not { Value: var here })
            return null;
        if (agreement.Metric == MetricNames.Availability && Unreproduced(matrix, allocation, here, clone) is { } problem)
            return new CauseOutside(settings.MatrixId, settings.Service, settings.Tier, agreement, seen, here, problem);
        if (settings.SeenHere)
            return null;
        var tolerated = policy.SourceTolerance * agreement.AtMost;
        var differs = settings.Goal == ExplorationGoal.KeepAgreement
            ? agreement.IsKeptBy(here)
            : Math.Abs(seen.Value - here) > tolerated;
        if (!differs)
            return null;
        var values =
            $"{seen.Source} saw {Show(seen.Value)}, the in-proxy of tier {settings.Tier} {Show(here)}; agreed are {Show(agreement.Bound)}";
        return new CauseOutside(
            settings.MatrixId,
            settings.Service,
            settings.Tier,
            agreement,
            seen,
            here,
            settings.Goal == ExplorationGoal.KeepAgreement
                ? $"the cause lies outside of tier {settings.Tier}: {values}"
                : $"experiments cannot reproduce what {seen.Source} sees: {values}, and up to {Show(tolerated)} may lie between them");

        string Show(double value) => MetricNames.Describe(agreement.Metric, value);
    }

    /// <summary>
    /// Errors that are caused by load come at the clone too when it has no more than its original. Otherwise, or when they have passed
    /// on-line, experiments cannot tell what cures them.
    /// </summary>
    private static string? Unreproduced(MatrixState matrix, Allocation allocation, double here, SideMeasured clone)
    {
        var settings = matrix.Settings;
        var agreement = settings.Agreement;
        if (agreement.IsKeptBy(here))
        {
            return $"experiments cannot reproduce what has passed: the in-proxy of tier {settings.Tier} saw {Show(here)} meanwhile; agreed "
                + $"are {Show(agreement.Bound)}";
        }

        if (clone.Metrics[agreement.Metric] is not { Value: var value } || !agreement.IsKeptBy(value)
            || !allocation.IsWithin(settings.Online))
        {
            return null;
        }

        return $"the cause is not the load: under the same, a clone with {allocation} answers {Show(value)}, the server {Show(here)}; "
            + $"agreed are {Show(agreement.Bound)}";

        string Show(double shown) => MetricNames.Describe(agreement.Metric, shown);
    }
}
