using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Geometry;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Tests;

/// <summary>A shop whose application server is explored as in §4.3: 60 to 100 % of a core in five points, three experiments.</summary>
internal static class Sample
{
    public const string DataCenter = "dc";
    public const string Agent = "agent";
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid MatrixId = Guid.Parse("11111111-1111-1111-1111-111111111111");
    public static readonly ExperimentDurations Durations = new(Seconds(2), Seconds(3), Seconds(3), Seconds(10));

    public static readonly MatrixOpened Opened = new(
        MatrixId,
        Guid.Parse("22222222-2222-2222-2222-222222222222"),
        "shop",
        DataCenter,
        "application",
        "shop-app",
        new SandboxPlace("sandbox-1", Agent, "127.0.0.1:1"),
        "proxies",
        [new Dimension(ResourceNames.Cpu, 0.6, 1.0, 5)],
        3,
        Durations,
        null,
        Milliseconds(100),
        0.2,
        0.2,
        Noon + TimeSpan.FromMinutes(10),
        Noon);

    public static Cause Cause(int number = 1, DateTimeOffset? at = null) =>
        new(DeterministicId.From(Guid.Empty, $"cause/{number}"), Guid.Empty, at ?? Noon);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static TimeSpan Milliseconds(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    public static SideMeasured Side(double meanMilliseconds) => new(
        100, 0, 10, Milliseconds(meanMilliseconds), Milliseconds(meanMilliseconds), Milliseconds(meanMilliseconds), Milliseconds(meanMilliseconds), 1);

    public static CloneRequested Requested(Guid request) => new(
        MatrixId, request, "shop-app", $"shop-app-clone-{request.ToString("N")[..8]}", Opened.Sandbox, Opened.Deadline + Seconds(120), Noon);

    public static VmCloned Cloned(CloneRequested requested) => new(
        Streams.Matrix(MatrixId), requested.RequestId, Agent, requested.CloneName, "10.0.0.2:80", "process", true, TimeSpan.Zero, Seconds(2), 0);

    public static CloneReady Ready(CloneRequested requested) =>
        new(MatrixId, requested.CloneName, "10.0.0.2:80", "process", true, TimeSpan.Zero, Seconds(2), 0);

    public static ExperimentStarted Started(int index, Guid id, CloneRequested requested, ExperimentPurpose purpose = ExperimentPurpose.Explore, DateTimeOffset? at = null) => new(
        MatrixId,
        id,
        new Cell(index),
        [Opened.Dimensions[0].ValueAt(index)],
        new CpuShare(Opened.Dimensions[0].ValueAt(index)),
        null,
        purpose,
        "shop",
        "application",
        requested.CloneName,
        "10.0.0.2:80",
        Agent,
        "proxies",
        Durations,
        at ?? Noon);

    public static ExperimentCompleted Completed(int index, double meanMilliseconds, ExperimentPurpose purpose = ExperimentPurpose.Explore, Guid id = default) => new(
        MatrixId,
        id,
        new Cell(index),
        new CpuShare(Opened.Dimensions[0].ValueAt(index)),
        purpose,
        Noon,
        Noon + Seconds(10),
        Side(500),
        Side(meanMilliseconds),
        new MatchCounts(10, 1, 0, 0));

    public static ReplayMeasured Measured(Guid experiment, double meanMilliseconds) => new(
        Streams.Matrix(MatrixId), experiment, "proxies", Noon, Noon + Seconds(10), Side(500), Side(meanMilliseconds), new MatchCounts(10, 1, 0, 0), 0, null);

    public static MachineJoined Machine(string name, double cores = 1, MachineRole role = MachineRole.Production) =>
        new(DataCenter, name, Agent, role, new CpuShare(cores), MemorySize.FromMebibytes(1024), "process", true);

    public static VmPlaced Vm(string name, string machine, double cores, string service = "shop", string tier = "application", bool pinned = false) =>
        new(DataCenter, name, service, tier, machine, pinned, new CpuShare(cores), MemorySize.FromMebibytes(256));

    public static ServiceRegistered Registered(TimeSpan agreed, int repeatAfter = 12, double slackThreshold = 0.5) => new(
        "shop",
        DataCenter,
        new ServiceLevel(agreed, Seconds(10), slackThreshold, 5, repeatAfter),
        "application",
        [new TierDefinition("application", ["shop-app"], "proxies", "127.0.0.1:1")],
        new ExplorationSettings(["application"], Opened.Dimensions, 3, TimeSpan.FromMinutes(10), Durations, null, 0.2, 0.2, Seconds(60)),
        Noon);
}
