using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Settings;

/// <summary>The configuration file of §2.2.2: what to try, how long, how often, and how its results are used (§3.1).</summary>
/// <param name="Tiers">Tiers to experiment with, in this order; each is a tier of the service.</param>
/// <param name="Dimensions">Resources to vary, their ranges and numbers of equally spaced points.</param>
/// <param name="Experiments">Largest number of experiments a tier; at least the number of the matrix' corners.</param>
/// <param name="TimeBudget">All experiments together end within this time.</param>
/// <param name="Durations">How long each part of an experiment takes.</param>
/// <param name="PruneGainBelow">
/// Heuristic 1: cancel larger allocations once a resource addition gains less than this fraction of the response time; null turns it off.
/// </param>
/// <param name="Slack">Fraction added to the minimum allocation; 0.2 in the paper.</param>
/// <param name="MismatchThreshold">Largest relative difference between an interpolated value and its validation (§2.2.3).</param>
/// <param name="Cooldown">After an exploration ended, violations of the same service are left alone for so long.</param>
public sealed record ExplorationSettings(
    IReadOnlyList<string> Tiers,
    IReadOnlyList<Dimension> Dimensions,
    int Experiments,
    TimeSpan TimeBudget,
    ExperimentDurations Durations,
    double? PruneGainBelow,
    double Slack,
    double MismatchThreshold,
    TimeSpan Cooldown);
