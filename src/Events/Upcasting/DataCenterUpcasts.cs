using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Placement.Goals;
using JustRunIt.Events.Placement.Plans;
using JustRunIt.Events.Settings;

namespace JustRunIt.Events.Upcasting;

/// <summary>Events of data centre streams: CPU and memory were fields; waits had the length that the program was built with.</summary>
internal static class DataCenterUpcasts
{
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(60);

    public static IEnumerable<KeyValuePair<string, Func<OldEvent, IDomainEvent>>> All =>
    [
        new("justrunit.machine-joined.v1", Joined),
        new("justrunit.vm-placed.v1", Placed),
        new("justrunit.allocation-decided.v1", Decided),
        new("justrunit.placement-decided.v1", PlacementDecided),
        new("justrunit.migration-started.v1", MigrationStarted),
        new("justrunit.allocation-started.v1", AllocationStarted),
        new("justrunit.allocation-applied.v1", Applied),
    ];

    private static MachineJoined Joined(OldEvent e) => new(
        e.Need<string>("dataCenter"),
        e.Need<string>("machine"),
        e.Need<string>("agent"),
        e.Need<MachineRole>("role"),
        e.Allocation(),
        e.Need<string>("hypervisor"),
        e.Need<bool>("simulated"));

    private static VmPlaced Placed(OldEvent e) => new(
        e.Need<string>("dataCenter"),
        e.Need<string>("vm"),
        e.Need<string>("service"),
        e.Need<string>("tier"),
        e.Need<string>("machine"),
        e.Need<bool>("pinned"),
        e.Allocation());

    private static AllocationDecided Decided(OldEvent e) => new(
        e.Need<Guid>("decisionId"),
        CorrelationId: e.Need<Guid>("decisionId"),
        e.Need<Guid>("matrixId"),
        e.Need<long>("matrixVersion"),
        MatrixOpenedAt: e.Need<DateTimeOffset>("at"),
        e.Need<string>("service"),
        e.Need<string>("tier"),
        ExplorationGoal.KeepAgreement,
        e.MeanAtMost("agreed"),
        e.Need<double>("slack"),
        [
            .. e.Groups("cells").Select(cell => new MatrixCell(
                cell.Need<Cell>("cell"), cell.Allocation(), cell.Milliseconds("mean"), null, cell.Need<bool>("interpolated"))),
        ],
        e.Need<bool>("attainable"),
        e.Allocation(cpu: "minimum"),
        e.Allocation(cpu: "allocated"),
        e.Need<IReadOnlyList<Cell>>("restsOn"),
        Reason: "",
        e.Need<DateTimeOffset>("at"));

    private static PlacementDecided PlacementDecided(OldEvent e) => new(
        e.Need<Guid>("decisionId"),
        e.Need<ulong>("seed"),
        e.Need<bool>("feasible"),
        e.Get<string>("problem"),
        e.Need<IReadOnlyDictionary<string, string>>("machines"),
        e.Need<int>("machinesBefore"),
        e.Need<int>("machinesAfter"),
        e.Need<int>("lowerBound"),
        e.Need<int>("migrations"),
        [
            .. e.Groups("steps").Select(step => new PlacementStep(
                step.Need<string>("vm"),
                step.Need<string>("machine"),
                step.Get<string>("to"),
                step.Get<string>("to") is null ? step.Allocation() : null)),
        ],
        e.Need<DateTimeOffset>("at"));

    private static MigrationStarted MigrationStarted(OldEvent e) => new(
        e.Need<string>("dataCenter"),
        e.Need<Guid>("decisionId"),
        e.Need<int>("step"),
        e.Need<Guid>("requestId"),
        e.Need<string>("agent"),
        e.Need<string>("vm"),
        e.Need<string>("from"),
        e.Need<string>("to"),
        e.Need<DateTimeOffset>("at") + StepTimeout,
        e.Need<DateTimeOffset>("at"),
        e.Get<string>("toAgent"));

    private static AllocationStarted AllocationStarted(OldEvent e) => new(
        e.Need<string>("dataCenter"),
        e.Need<Guid>("decisionId"),
        e.Need<int>("step"),
        e.Need<Guid>("requestId"),
        e.Need<string>("agent"),
        e.Need<string>("vm"),
        e.Allocation(),
        e.Need<DateTimeOffset>("at") + StepTimeout,
        e.Need<DateTimeOffset>("at"));

    private static AllocationApplied Applied(OldEvent e) => new(
        e.Need<Guid>("decisionId"), e.Need<int>("step"), e.Need<string>("vm"), e.Allocation());
}
