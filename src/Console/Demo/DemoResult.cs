using JustRunIt.Console.Observing;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sla;

namespace JustRunIt.Console.Demo;

/// <summary>What the demonstration showed, taken from the messages that any subscriber sees.</summary>
/// <param name="Start">When the load began (UTC).</param>
/// <param name="Surges">What it grew to.</param>
/// <param name="Agreed">The agreed mean response time.</param>
/// <param name="CapacityPerSecond">What an application server with its first allocation can bear, requests a second.</param>
/// <param name="Service">The service whose load grew.</param>
/// <param name="HypervisorBecause">Why it was the back end that it was.</param>
/// <param name="Seen">All messages.</param>
/// <param name="Problem">Why the agreement was not restored; null when it was.</param>
internal sealed record DemoResult(
    DateTimeOffset Start,
    IReadOnlyList<DemoLoad> Surges,
    TimeSpan Agreed,
    double CapacityPerSecond,
    string Service,
    string? HypervisorBecause,
    IReadOnlyList<Observed> Seen,
    string? Problem)
{
    /// <summary>The exploration that led to the decision.</summary>
    public ExplorationStarted? Exploration => Decision is { } decision
        ? Of<ExplorationStarted>().FirstOrDefault(started => started.Matrices.Contains(decision.MatrixId))
        : null;

    /// <summary>The violation that led to the exploration, or without one the first after the surge.</summary>
    public SlaViolated? Violated => Exploration is { } exploration
        ? Of<SlaViolated>().LastOrDefault(violated => violated.Service == Service && violated.WindowTo <= exploration.At)
        : Of<SlaViolated>().FirstOrDefault(violated => violated.Service == Service && violated.WindowTo > Surges[0].At);

    /// <summary>The matrices of that exploration; without a decision those of every exploration of the service.</summary>
    public IReadOnlySet<Guid> Matrices => Exploration is { } exploration
        ? exploration.Matrices.ToHashSet()
        : Of<MatrixOpened>().Where(opened => opened.Service == Service).Select(opened => opened.MatrixId).ToHashSet();

    /// <summary>Experiments that gave results, validations excluded.</summary>
    public IEnumerable<ExperimentCompleted> Experiments =>
        Of<ExperimentCompleted>().Where(completed => Matrices.Contains(completed.MatrixId) && completed.Purpose == ExperimentPurpose.Explore);

    /// <summary>Interpolated cells.</summary>
    public IEnumerable<CellInterpolated> Interpolated => Of<CellInterpolated>().Where(cell => Matrices.Contains(cell.MatrixId));

    /// <summary>The first decision about the service.</summary>
    public AllocationDecided? Decision => Of<AllocationDecided>().FirstOrDefault(decided => decided.Service == Service);

    /// <summary>Where it led to.</summary>
    public PlacementDecided? Placement => Decision is { } decision
        ? Of<PlacementDecided>().FirstOrDefault(decided => decided.DecisionId == decision.DecisionId)
        : null;

    /// <summary>When it was in force.</summary>
    public PlacementApplied? Applied => Decision is { } decision
        ? Of<PlacementApplied>().FirstOrDefault(applied => applied.DecisionId == decision.DecisionId)
        : null;

    /// <summary>When the agreement held again for good: the end of the last violation, or the change itself when none was left.</summary>
    public DateTimeOffset? RestoredAt => Problem is null && Applied is { } applied
        ? Of<SlaRestored>().LastOrDefault(restored => restored.Service == Service && restored.WindowTo > applied.At)?.WindowTo ?? applied.At
        : null;

    /// <summary>The clones that experiments were made with.</summary>
    public IEnumerable<CloneReady> Clones => Of<CloneReady>().Where(clone => Matrices.Contains(clone.MatrixId));

    /// <summary>The back end.</summary>
    public string Hypervisor => Of<MachineAnnounced>().FirstOrDefault()?.Hypervisor ?? "none";

    /// <summary>From the violation seen to the allocation in force.</summary>
    public TimeSpan? Reaction => Violated is { } violated && Applied is { } applied ? applied.At - SeenAt(violated) : null;

    /// <summary>How much of <see cref="Reaction"/> experiments took, from command to result.</summary>
    public TimeSpan ExperimentTime => Experiments.Aggregate(
        TimeSpan.Zero,
        (sum, completed) => sum + (SeenAt(completed) - Of<ExperimentStarted>().First(started => started.ExperimentId == completed.ExperimentId).At));

    /// <summary>Whose SLA a message is about; null for other messages.</summary>
    public static string? ServiceOf(object message) => message switch
    {
        SlaViolated violated => violated.Service,
        SlaRestored restored => restored.Service,
        _ => null,
    };

    /// <summary>Messages of a type.</summary>
    public IEnumerable<T> Of<T>() => Seen.Select(observed => observed.Message).OfType<T>();

    /// <summary>When a message reached us.</summary>
    public DateTimeOffset SeenAt(object message) => Seen.First(observed => ReferenceEquals(observed.Message, message)).SeenAt;

    /// <summary>How a clone was made, in short.</summary>
    public static string Short(CloneReady clone) => clone.Cold
        ? "a second server, started cold"
        : $"live, the original stood still for {clone.Pause.TotalMilliseconds:0} ms, {clone.BytesCopied / 1e6:0} MB";

    /// <summary>One side in short.</summary>
    public static string Short(SideMeasured side) => $"{side.ThroughputPerSecond:0.0}/s, {side.Mean.TotalMilliseconds:0} ms";
}
