using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Tests;

/// <summary>A shop whose application server is explored as in §4.3: 60 to 100 % of a core in five points, three experiments.</summary>
internal static class Sample
{
    public const string DataCenter = "dc";
    public const string Agent = "agent";
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid MatrixId = Guid.Parse("11111111-1111-1111-1111-111111111111");
    public static readonly Guid ExplorationId = Guid.Parse("22222222-2222-2222-2222-222222222222");
    public static readonly Guid CorrelationId = Guid.Parse("33333333-3333-3333-3333-333333333333");
    public static readonly ExperimentDurations Durations = new(Seconds(2), Seconds(3), Seconds(3), Seconds(10));
    public static readonly Policy Rules = Policy.Default;
    public static readonly Agreement HundredMs = Agreement.OnMean(Milliseconds(100));

    /// <summary>What the server has on-line: half a core, 256 MiB.</summary>
    public static readonly Allocation Online = Have(0.5);

    /// <summary>By how much later than at whole ten seconds the windows of the shop begin.</summary>
    public static readonly TimeSpan Phase = WindowFrame.Of("shop", Seconds(10)).Phase;

    public static readonly string MatrixStream = Streams.Matrix(MatrixId);
    public static readonly string DataCenterStream = Streams.DataCenter(DataCenter);
    public static readonly string SandboxStream = Streams.Sandbox(DataCenter, "sandbox-1");
    public static readonly string ServiceStream = Streams.Service("shop");
    public static readonly string ExplorationsStream = Streams.Explorations("shop");

    public static readonly MatrixOpened Opened = new(
        MatrixId,
        ExplorationId,
        CorrelationId,
        "shop",
        DataCenter,
        "application",
        "shop-app",
        Online,
        new SandboxPlace("sandbox-1", Agent, "127.0.0.1:1"),
        "proxies",
        ExplorationGoal.KeepAgreement,
        Seen: null,
        SeenHere: true,
        [new Dimension(ResourceNames.Cpu, 0.6, 1.0, 5)],
        3,
        Durations,
        null,
        HundredMs,
        0.2,
        0.2,
        "linear",
        Noon + TimeSpan.FromMinutes(10),
        Noon);

    public static Cause Cause(int number = 1, DateTimeOffset? at = null) =>
        new(DeterministicId.From(Guid.Empty, $"cause/{number}"), Guid.Empty, at ?? Noon);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    public static Allocation Have(double cores, double mebibytes = 256) =>
        Allocation.Of(new CpuShare(cores), MemorySize.FromMebibytes(mebibytes));

    public static Allocation Cpu(double cores) => Allocation.Of(new CpuShare(cores));

    public static SideMeasured Side(double meanMilliseconds, double error = 1) => new(
        100,
        0,
        Measurement.Of(MetricNames.MeanMs, meanMilliseconds, error)
            .With(MetricNames.P95Ms, 2 * meanMilliseconds)
            .With(MetricNames.ThroughputPerSecond, 10));

    public static CloneRequested Requested(Guid request) => new(
        MatrixId,
        request,
        "shop-app",
        $"shop-app-clone-{request.ToString("N")[..8]}",
        Opened.Sandbox,
        Opened.Deadline + Seconds(120),
        Noon + Rules.Exploring.CloneTimeout,
        Noon);

    public static VmCloned Cloned(CloneRequested requested) => new(
        MatrixStream, requested.RequestId, Agent, requested.CloneName, "10.0.0.2:80", "process", true, TimeSpan.Zero, Seconds(2), 0);

    public static CloneReady Ready(CloneRequested requested) =>
        new(MatrixId, requested.CloneName, "10.0.0.2:80", "process", true, TimeSpan.Zero, Seconds(2), 0);

    public static ExperimentStarted Started(
        int index, Guid id, CloneRequested requested, ExperimentPurpose purpose =
            ExperimentPurpose.Explore, DateTimeOffset? at = null) => new(
        MatrixId,
        id,
        new Cell(index),
        Have(Opened.Dimensions[0].ValueAt(index)),
        purpose,
        "shop",
        "application",
        requested.CloneName,
        "10.0.0.2:80",
        Agent,
        "proxies",
        Durations,
        (at ?? Noon) + Durations.Longest + Rules.Exploring.ExperimentGrace,
        at ?? Noon);

    public static ExperimentCompleted Completed(
        int index, double meanMilliseconds, ExperimentPurpose purpose =
            ExperimentPurpose.Explore, Guid id = default, double online = 500) => new(
        MatrixId,
        id,
        new Cell(index),
        Have(Opened.Dimensions[0].ValueAt(index)),
        purpose,
        Noon,
        Noon + Seconds(10),
        Side(online),
        Side(meanMilliseconds),
        new MatchCounts(10, 1, 0, 0));

    public static CellInterpolated Interpolated(int index, double meanMilliseconds, params int[] from) => new(
        MatrixId,
        new Cell(index),
        Cpu(Opened.Dimensions[0].ValueAt(index)),
        Measurement.Of(MetricNames.MeanMs, meanMilliseconds, 5),
        "linear",
        [.. from.Select(i => new Cell(i))]);

    public static ExperimentsEnded Ended(ExperimentPurpose purpose = ExperimentPurpose.Explore, DateTimeOffset? at = null) =>
        new(MatrixId, purpose, "number of experiments reached", "shop", "application", "proxies", Agent, "clone", at ?? Noon);

    public static ReplayMeasured Measured(Guid experiment, double meanMilliseconds, double online = 500) => new(
        MatrixStream,
        experiment,
        "proxies",
        Noon,
        Noon + Seconds(10),
        Side(online),
        Side(meanMilliseconds),
        new MatchCounts(10, 1, 0, 0),
        0,
        null);

    public static MachineJoined Machine(string name, double cores = 1, MachineRole role = MachineRole.Production, string agent = Agent) =>
        new(DataCenter, name, agent, role, Have(cores, 1024), "process", true);

    public static VmPlaced Vm(
        string name, string machine, double cores, string service = "shop", string tier = "application", bool pinned = false) =>
        new(DataCenter, name, service, tier, machine, pinned, Have(cores));

    public static ServiceRegistered Registered(
        double agreedMs = 100, int repeatAfter = 12, double slackThreshold = 0.5, string? monitor = null, params string[] tiers) => new(
        "shop",
        DataCenter,
        new ServiceLevel(Agreement.OnMean(Milliseconds(agreedMs)), Seconds(10), slackThreshold, 5, repeatAfter, monitor),
        "application",
        [
            new TierDefinition("application", ["shop-app"], "proxies", "127.0.0.1:1"),
            new TierDefinition("web", ["shop-web"], "proxies", "127.0.0.1:2"),
        ],
        new ExplorationSettings(
            tiers.Length == 0 ? ["application"] : tiers, Opened.Dimensions, 3, TimeSpan.FromMinutes(
                10), Durations, null, 0.2, 0.2, Seconds(60)),
        Noon);

    /// <summary>The matrix of the shop's application is filled: three cells measured, two interpolated.</summary>
    public static readonly MatrixFilled Filled = new(MatrixId, "shop", DataCenter, "application", 3, 2, 0);

    public static SlaViolated Violated(
        double mean = 120, string source = "proxies", bool external = false, DateTimeOffset? from = null) => new(
        "shop", from ?? Noon, (from ?? Noon) + Seconds(10), HundredMs, mean, 50, 1, source, external, from ?? Noon);

    public static SlaSlackDetected Slack(double mean = 20, string source = "proxies", bool external = false) =>
        new("shop", Noon, Noon + Seconds(10), HundredMs, mean, 50, 1, source, external);
}
