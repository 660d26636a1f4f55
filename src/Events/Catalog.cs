using System.Collections.Frozen;
using System.Collections.Immutable;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Timers;

namespace JustRunIt.Events;

/// <summary>
/// Who says what, and who listens: queues are declared from here before anything is published, so that a service which
/// has never run yet misses nothing. A new event or consumer goes here first; <c>docs/events.md</c> is checked against it.
/// </summary>
public static class Catalog
{
    /// <summary>Owner of service streams.</summary>
    public const string Monitor = "monitor";

    /// <summary>Owner of exploration and sandbox streams, and of matrix streams together with the next two.</summary>
    public const string Experimenter = "experimenter";

    /// <summary>Fills matrices.</summary>
    public const string Interpolator = "interpolator";

    /// <summary>Validates what was used.</summary>
    public const string Checker = "checker";

    /// <summary>Owner of data centre streams.</summary>
    public const string Placement = "placement";

    /// <summary>One a physical machine.</summary>
    public const string HostAgent = "host-agent";

    /// <summary>Holds in-proxies and out-proxies.</summary>
    public const string ProxyNode = "proxy-node";

    /// <summary>Monitors and load emulators that are not part of the system.</summary>
    public const string Outsider = "outsider";

    /// <summary>Every message: who states it, and which services have a queue for it.</summary>
    public static ImmutableArray<Entry> Entries { get; } =
    [
        Entry.Of<ConfigurationRead>(Monitor),
        Entry.Of<ServiceRead>(Monitor),
        Entry.Of<DataCenterConfigured>(Monitor),
        Entry.Of<ServiceRegistered>(Monitor),
        Entry.Of<ServiceWithdrawn>(Monitor, Experimenter),
        Entry.Of<SlaViolated>(Monitor, Experimenter),
        Entry.Of<SlaSlackDetected>(Monitor, Experimenter),
        Entry.Of<SlaRestored>(Monitor),
        Entry.Of<ResponseTimesMeasured>(ProxyNode, Monitor) with { InOrder = true },
        Entry.Of<ExternalWindowReported>(Outsider, Monitor) with { InOrder = true },
        Entry.Of<WindowRefused>(Monitor, ProxyNode),
        Entry.Of<ExplorationStarted>(Experimenter),
        Entry.Of<RepetitionNoted>(Experimenter),
        Entry.Of<ExplorationCompleted>(Experimenter, Experimenter),
        Entry.Of<MatrixOpened>(Experimenter),
        Entry.Of<SandboxAwaited>(Experimenter),
        Entry.Of<CloneRequested>(Experimenter),
        Entry.Of<CloneReady>(Experimenter),
        Entry.Of<CloneFailed>(Experimenter),
        Entry.Of<ExperimentStarted>(Experimenter),
        Entry.Of<SandboxAllocated>(Experimenter),
        Entry.Of<ExperimentCompleted>(Experimenter, Checker),
        Entry.Of<ExperimentFailed>(Experimenter),
        Entry.Of<CauseOutside>(Experimenter),
        Entry.Of<CellsPruned>(Experimenter),
        Entry.Of<ExperimentsEnded>(Experimenter, Interpolator),
        Entry.Of<SandboxLeased>(Experimenter),
        Entry.Of<SandboxReleased>(Experimenter),
        Entry.Of<CellInterpolated>(Interpolator),
        Entry.Of<MatrixFilled>(Interpolator, Placement),
        Entry.Of<InterpolationUsed>(Placement, Checker),
        Entry.Of<ValidationScheduled>(Checker),
        Entry.Of<ValidationRequested>(Checker, Experimenter),
        Entry.Of<InterpolationConfirmed>(Checker),
        Entry.Of<MismatchDetected>(Checker, Placement),
        Entry.Of<TreeRead>(Checker),
        Entry.Of<CheckpointSigned>(Checker),
        Entry.Of<MachineJoined>(Placement),
        Entry.Of<VmPlaced>(Placement),
        Entry.Of<MachineClaimRefused>(Placement, HostAgent),
        Entry.Of<VmClaimRefused>(Placement, HostAgent),
        Entry.Of<MachineLeft>(Placement),
        Entry.Of<VmLeft>(Placement),
        Entry.Of<MachineForgotten>(Placement),
        Entry.Of<MachineNotForgotten>(Placement),
        Entry.Of<AllocationDecided>(Placement),
        Entry.Of<AllocationNotDecided>(Placement, Experimenter),
        Entry.Of<PlacementDecided>(Placement),
        Entry.Of<PlacementDeferred>(Placement),
        Entry.Of<MigrationStarted>(Placement, HostAgent, ProxyNode),
        Entry.Of<MigrationCompleted>(Placement),
        Entry.Of<MigrationFailed>(Placement),
        Entry.Of<AllocationStarted>(Placement),
        Entry.Of<AllocationApplied>(Placement),
        Entry.Of<AllocationFailed>(Placement),
        Entry.Of<PlacementApplied>(Placement),
        Entry.Of<StartVm>(Outsider, HostAgent),
        Entry.Of<VmStarted>(HostAgent, Placement),
        Entry.Of<VmStartFailed>(HostAgent),
        Entry.Of<MachineAnnounced>(HostAgent, Placement),
        Entry.Of<PowerMeasured>(HostAgent, Experimenter),
        Entry.Of<CloneVm>(Experimenter, HostAgent),
        Entry.Of<VmCloned>(HostAgent, Experimenter, ProxyNode),
        Entry.Of<VmCloneFailed>(HostAgent, Experimenter),
        Entry.Of<DestroyClone>(Experimenter, HostAgent),
        Entry.Of<CloneDestroyed>(HostAgent),
        Entry.Of<SetAllocation>(Experimenter, HostAgent),
        Entry.Of<AllocationSet>(HostAgent, Experimenter, Placement),
        Entry.Of<AllocationRefused>(HostAgent, Experimenter, Placement),
        Entry.Of<MigrateVm>(Placement, HostAgent),
        Entry.Of<ReceiveVm>(HostAgent, HostAgent),
        Entry.Of<VmMigrated>(HostAgent, Placement, ProxyNode),
        Entry.Of<VmMigrationFailed>(HostAgent, Placement),
        Entry.Of<VmExited>(HostAgent, Experimenter, Placement),
        Entry.Of<ForgetMachine>(Outsider, Placement),
        Entry.Of<VmQuarantined>(HostAgent),
        Entry.Of<SettleVm>(Outsider, HostAgent),
        Entry.Of<VmSettled>(HostAgent),
        Entry.Of<HostsAsked>(Outsider, HostAgent),
        Entry.Of<HostReported>(HostAgent, ProxyNode),
        Entry.Of<StartReplay>(Experimenter, ProxyNode),
        Entry.Of<StopReplay>(Experimenter, ProxyNode),
        Entry.Of<ReplayStopped>(ProxyNode),
        Entry.Of<ReplayMeasured>(ProxyNode, Experimenter),
        Entry.Of<TimerElapsed>(Experimenter, Experimenter, Placement),
    ];

    private static readonly FrozenSet<Type> Ordered =
        Entries.Where(entry => entry.InOrder).Select(entry => entry.Message).ToFrozenSet();

    /// <summary>Whether a message is to be heard in order (<see cref="Entry.InOrder"/>).</summary>
    public static bool IsInOrder(Type message) => Ordered.Contains(message);

    /// <summary>One message of the catalogue.</summary>
    /// <param name="Message">Its type.</param>
    /// <param name="Producer">Who states it; commands: the service on whose event they follow first.</param>
    /// <param name="Consumers">Services with a queue for it.</param>
    public sealed record Entry(Type Message, string Producer, ImmutableArray<string> Consumers)
    {
        /// <summary>
        /// Whether it matters in which order a service hears it: then the broker gives all of it to one of the service's instances, and to
        /// another when that one ends.
        /// </summary>
        public bool InOrder { get; init; }

        internal static Entry Of<TMessage>(string producer, params string[] consumers) =>
            new(typeof(TMessage), producer, [.. consumers]);
    }
}
