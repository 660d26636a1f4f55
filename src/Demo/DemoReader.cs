using System.Text.Json;
using JustRunIt.Client.Observing;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;

namespace JustRunIt.Demo;

/// <summary>Makes the demonstration's figures from the messages that any subscriber sees.</summary>
/// <param name="seen">All messages, in the order in which they were seen.</param>
/// <param name="service">The service whose load grew.</param>
internal sealed class DemoReader(IReadOnlyList<Observed> seen, string service)
{
    /// <summary>The figures.</summary>
    /// <param name="start">When the load began (UTC).</param>
    /// <param name="surges">What it grew to.</param>
    /// <param name="agreed">The agreed mean response time.</param>
    /// <param name="capacityPerSecond">What an application server with its first allocation can bear, requests a second.</param>
    /// <param name="because">Why it was the back end that it was.</param>
    /// <param name="problem">Why the agreement was not restored; null when it was.</param>
    public DemoFigures Read(
        DateTimeOffset start, IReadOnlyList<DemoLoad> surges, TimeSpan agreed, double capacityPerSecond, string? because, string? problem)
    {
        var decision = Of<AllocationDecided>().FirstOrDefault(decided => decided.Service == service);
        var exploration = decision is null ? null
            : Of<ExplorationStarted>().FirstOrDefault(started => started.Matrices.Contains(decision.MatrixId));
        var matrices = MatricesOf(exploration);
        var experiments = Of<ExperimentCompleted>()
            .Where(e => matrices.Contains(e.MatrixId) && e.Purpose == ExperimentPurpose.Explore)
            .OrderBy(e => e.Allocation.Cpu)
            .ToList();
        var violated = ViolationBefore(exploration, surges[0].At);
        var applied = decision is null ? null : Of<PlacementApplied>().FirstOrDefault(e => e.DecisionId == decision.DecisionId);
        var placement = decision is null ? null : Of<PlacementDecided>().FirstOrDefault(e => e.DecisionId == decision.DecisionId);
        var hypervisor = Of<MachineAnnounced>().FirstOrDefault()?.Hypervisor ?? "none";
        return new DemoFigures(start, surges, agreed, capacityPerSecond, service, hypervisor, because, problem)
        {
            ViolatedAt = violated?.WindowTo,
            AppliedAt = applied?.At,
            RestoredAt = problem is null && applied is not null ? RestoredAfter(applied.At) : null,
            Reaction = violated is not null && applied is not null ? applied.At - SeenAt(violated) : null,
            ExperimentTime = experiments.Aggregate(TimeSpan.Zero, (sum, e) => sum + TimeOf(e)),
            Experiments =
            [
                .. experiments.Select(e => new DemoExperiment(
                    Cores(e.Allocation), $"{e.Allocation.Cpu}", Side(e.Sandbox), Side(e.Online), JsonSerializer.SerializeToNode(e.Matches, Wire.Json))),
            ],
            Interpolated =
            [
                .. Of<CellInterpolated>().Where(cell => matrices.Contains(cell.MatrixId)).OrderBy(cell => cell.Allocation.Cpu)
                    .Select(cell => new DemoInterpolation(
                        Cores(cell.Allocation), $"{cell.Allocation.Cpu}", cell.Metrics.Mean.TotalMilliseconds)),
            ],
            Clones = [.. Of<CloneReady>().Where(clone => matrices.Contains(clone.MatrixId)).Select(Clone)],
            Decision = decision is null ? null
                : new DemoDecision(Cores(decision.Minimum), Cores(decision.Allocated), decision.Attainable),
            Placement = placement is null ? null
                : new DemoPlacement(placement.MachinesBefore, placement.MachinesAfter, placement.LowerBound, placement.Migrations),
            Timeline = [.. seen.Select(Line).OfType<DemoLine>()],
            ResponseTimes = [.. Of<ResponseTimesMeasured>().Where(report => report.To >= start).Select(Interval)],
        };
    }

    /// <summary>A clone.</summary>
    public static DemoClone Clone(CloneReady clone) =>
        new(clone.CloneName, clone.Hypervisor, !clone.Cold, clone.Pause, clone.CloneTime, clone.BytesCopied);

    /// <summary>One side of an experiment.</summary>
    public static DemoSide Side(SideMeasured side) => new(
        Value(side, MetricNames.ThroughputPerSecond),
        Value(side, MetricNames.MeanMs),
        Value(side, MetricNames.P95Ms),
        side.Metrics[MetricNames.MeanMs]?.StandardError ?? 0,
        side.Requests,
        side.Errors);

    private static double Value(SideMeasured side, string metric) => side.Metrics[metric]?.Value ?? 0;

    private static double Cores(Allocation allocation) => allocation[ResourceNames.Cpu] ?? 0;

    private static DemoLine? Line(Observed observed) => DemoNarrator.Tell(observed.Message) is { } text
        ? new DemoLine(observed.SeenAt, observed.Message.GetType().Name, text)
        : null;

    private static DemoInterval Interval(ResponseTimesMeasured report) => new(
        report.Service,
        report.To,
        report.Requests,
        report.Errors,
        report.Requests > 0 ? report.TotalResponseTime.TotalMilliseconds / report.Requests : null);

    /// <summary>The matrices of an exploration; without one those of every exploration of the service.</summary>
    private HashSet<Guid> MatricesOf(ExplorationStarted? exploration) => exploration is not null
        ? [.. exploration.Matrices]
        : [.. Of<MatrixOpened>().Where(opened => opened.Service == service).Select(opened => opened.MatrixId)];

    /// <summary>The violation that led to an exploration, or without one the first after the surge.</summary>
    private SlaViolated? ViolationBefore(ExplorationStarted? exploration, DateTimeOffset surge)
    {
        var violations = Of<SlaViolated>().Where(violated => violated.Service == service);
        return exploration is not null
            ? violations.LastOrDefault(violated => violated.WindowTo <= exploration.At)
            : violations.FirstOrDefault(violated => violated.WindowTo > surge);
    }

    /// <summary>The end of the last violation, or the change itself when none was left.</summary>
    private DateTimeOffset RestoredAfter(DateTimeOffset applied) =>
        Of<SlaRestored>().LastOrDefault(restored => restored.Service == service && restored.WindowTo > applied)?.WindowTo ?? applied;

    private TimeSpan TimeOf(ExperimentCompleted completed) =>
        SeenAt(completed) - Of<ExperimentStarted>().First(started => started.ExperimentId == completed.ExperimentId).At;

    private IEnumerable<T> Of<T>() => seen.Select(observed => observed.Message).OfType<T>();

    private DateTimeOffset SeenAt(object message) => seen.First(observed => ReferenceEquals(observed.Message, message)).SeenAt;
}
