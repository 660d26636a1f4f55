using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Upcasting;

/// <summary>
/// Events of matrix streams: CPU, memory and frequency were fields, and so were the metrics; waits had the lengths that the
/// program was built with.
/// </summary>
internal static class MatrixUpcasts
{
    private static readonly TimeSpan CloneTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan ExperimentGrace = TimeSpan.FromSeconds(30);

    public static IEnumerable<KeyValuePair<string, Func<OldEvent, IDomainEvent>>> All =>
    [
        new("justrunit.matrix-opened.v1", Opened),
        new("justrunit.clone-requested.v1", CloneRequested),
        new("justrunit.experiment-started.v1", Started),
        new("justrunit.sandbox-allocated.v1", Allocated),
        new("justrunit.experiment-completed.v1", Completed),
        new("justrunit.cell-interpolated.v1", Interpolated),
        new("justrunit.interpolation-confirmed.v1", Confirmed),
        new("justrunit.mismatch-detected.v1", Mismatch),
    ];

    private static MatrixOpened Opened(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Guid>("explorationId"),
        CorrelationId: e.Need<Guid>("explorationId"),
        e.Need<string>("service"),
        e.Need<string>("dataCenter"),
        e.Need<string>("tier"),
        e.Need<string>("vm"),
        Online: Allocation.None,
        e.Need<SandboxPlace>("sandbox"),
        e.Need<string>("proxyNode"),
        ExplorationGoal.KeepAgreement,
        Seen: null,
        SeenHere: true,
        e.Need<IReadOnlyList<Dimension>>("dimensions"),
        e.Need<int>("experiments"),
        e.Need<ExperimentDurations>("durations"),
        e.Get<double?>("pruneGainBelow"),
        e.MeanAtMost("agreed"),
        e.Need<double>("slack"),
        e.Need<double>("mismatchThreshold"),
        Interpolation: "linear",
        e.Need<DateTimeOffset>("deadline"),
        e.Need<DateTimeOffset>("at"));

    private static CloneRequested CloneRequested(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Guid>("requestId"),
        e.Need<string>("vm"),
        e.Need<string>("cloneName"),
        e.Need<SandboxPlace>("sandbox"),
        e.Need<DateTimeOffset>("leaseUntil"),
        e.Need<DateTimeOffset>("at") + CloneTimeout,
        e.Need<DateTimeOffset>("at"));

    private static ExperimentStarted Started(OldEvent e)
    {
        var durations = e.Need<ExperimentDurations>("durations");
        var at = e.Need<DateTimeOffset>("at");
        return new ExperimentStarted(
            e.Need<Guid>("matrixId"),
            e.Need<Guid>("experimentId"),
            e.Need<Cell>("cell"),
            e.Allocation(),
            e.Need<ExperimentPurpose>("purpose"),
            e.Need<string>("service"),
            e.Need<string>("tier"),
            e.Need<string>("cloneName"),
            e.Need<string>("endpoint"),
            e.Need<string>("agent"),
            e.Need<string>("proxyNode"),
            durations,
            at + durations.Longest + ExperimentGrace,
            at);
    }

    private static SandboxAllocated Allocated(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Guid>("experimentId"),
        e.Allocation(),
        e.Need<string>("service"),
        e.Need<string>("tier"),
        e.Need<string>("endpoint"),
        e.Need<string>("proxyNode"),
        e.Need<ExperimentDurations>("durations"));

    private static ExperimentCompleted Completed(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Guid>("experimentId"),
        e.Need<Cell>("cell"),
        e.Allocation(),
        e.Need<ExperimentPurpose>("purpose"),
        e.Need<DateTimeOffset>("from"),
        e.Need<DateTimeOffset>("to"),
        Side(e.Group("online")!),
        Side(e.Group("sandbox")!),
        e.Need<MatchCounts>("matches"),
        e.Get<PowerDrawn>("onlinePower"),
        e.Get<PowerDrawn>("sandboxPower"));

    private static CellInterpolated Interpolated(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Cell>("cell"),
        e.Allocation(),
        Measurement.Of(MetricNames.MeanMs, e.Milliseconds("mean"), e.Need<double>("estimatedErrorMilliseconds")),
        e.Need<string>("method"),
        e.Need<IReadOnlyList<Cell>>("from"));

    private static InterpolationConfirmed Confirmed(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Cell>("cell"),
        MetricNames.MeanMs,
        e.Milliseconds("interpolated"),
        e.Milliseconds("measured"),
        e.Need<double>("relativeDifference"),
        e.Need<double>("threshold"));

    private static MismatchDetected Mismatch(OldEvent e) => new(
        e.Need<Guid>("matrixId"),
        e.Need<Cell>("cell"),
        MetricNames.MeanMs,
        e.Milliseconds("interpolated"),
        e.Milliseconds("measured"),
        e.Need<double>("relativeDifference"),
        e.Need<double>("threshold"),
        e.Need<string>("service"),
        e.Need<string>("dataCenter"),
        e.Need<string>("tier"));

    private static SideMeasured Side(OldEvent e) => new(
        e.Need<long>("requests"),
        e.Need<long>("errors"),
        Measurement.Of(MetricNames.MeanMs, e.Milliseconds("mean"), e.Need<double>("meanStandardErrorMilliseconds"))
            .With(MetricNames.P50Ms, e.Milliseconds("p50"))
            .With(MetricNames.P95Ms, e.Milliseconds("p95"))
            .With(MetricNames.P99Ms, e.Milliseconds("p99"))
            .With(MetricNames.ThroughputPerSecond, e.Need<double>("throughputPerSecond")));
}
