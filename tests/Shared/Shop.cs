using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Infrastructure;

/// <summary>A shop in a small data centre, one of whose tiers is explored: 60 to 100 % of a core in five points.</summary>
internal static class Shop
{
    public const string Agent = "agent";
    public static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    public static readonly Guid MatrixId = Guid.Parse("11111111-1111-1111-1111-111111111111");
    public static readonly Guid Correlation = Guid.Parse("33333333-3333-3333-3333-333333333333");
    public static readonly string Matrix = Streams.Matrix(MatrixId);
    public static readonly string DataCenter = Streams.DataCenter("dc");
    public static readonly string Service = Streams.Service("shop");
    public static readonly ExperimentDurations Durations = new(Seconds(2), Seconds(3), Seconds(3), Seconds(10));
    public static readonly Agreement HundredMs = Agreement.OnMean(TimeSpan.FromMilliseconds(100));

    public static readonly MatrixOpened Opened = new(
        MatrixId,
        Guid.Parse("22222222-2222-2222-2222-222222222222"),
        Correlation,
        "shop",
        "dc",
        "application",
        "shop-app",
        Have(0.6),
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
        Now + TimeSpan.FromMinutes(10),
        Now);

    public static readonly ServiceRegistered Registered = new(
        "shop",
        "dc",
        new ServiceLevel(HundredMs, Seconds(10), 0.5, 5),
        "application",
        [new TierDefinition("application", ["shop-app"], "proxies", "127.0.0.1:1")],
        new ExplorationSettings(["application"], Opened.Dimensions, 3, TimeSpan.FromMinutes(10), Durations, null, 0.2, 0.2, Seconds(60)),
        Now - TimeSpan.FromHours(1));

    public static readonly SlaViolated Violated = new(
        "shop", Now - Seconds(10), Now, HundredMs, 120, 50, 1, "proxies", External: false, Now - Seconds(10));

    public static readonly ExperimentsEnded Ended = new(
        MatrixId, ExperimentPurpose.Explore, "number of experiments reached", "shop", "application", "proxies", Agent, null, Now);

    public static readonly MatrixFilled Filled = new(MatrixId, "shop", "dc", "application", 3, 2, 0);

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    public static Allocation Have(double cores) => Allocation.Of(new CpuShare(cores), MemorySize.FromMebibytes(256));

    public static MachineJoined Machine(string name, MachineRole role = MachineRole.Production) =>
        new("dc", name, Agent, role, Allocation.Of(new CpuShare(2), MemorySize.FromMebibytes(1024)), "process", true);

    public static VmPlaced Vm(string name, string machine, double cores) =>
        new("dc", name, "shop", "application", machine, false, Have(cores));

    public static SideMeasured Side(double mean) => new(100, 0, Measurement.Of(MetricNames.MeanMs, mean, 1));

    public static ExperimentCompleted Completed(int index, double mean, ExperimentPurpose purpose = ExperimentPurpose.Explore) => new(
        MatrixId,
        DeterministicId.From(MatrixId, $"experiment/{index}"),
        new Cell(index),
        Have(Opened.Dimensions[0].ValueAt(index)),
        purpose,
        Now,
        Now + Seconds(10),
        Side(150),
        Side(mean),
        new MatchCounts(10, 1, 0, 0));

    public static CellInterpolated Interpolated(int index, double mean) => new(
        MatrixId,
        new Cell(index),
        Allocation.None.With(ResourceNames.Cpu, Opened.Dimensions[0].ValueAt(index)),
        Measurement.Of(MetricNames.MeanMs, mean, 5),
        "linear",
        [new Cell(index - 1), new Cell(index + 1)]);
}
