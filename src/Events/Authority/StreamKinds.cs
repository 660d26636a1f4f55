using System.Collections.Frozen;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Sealing;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Authority;

/// <summary>
/// On streams of which kind an event may stand: who may state an event of one kind may not write on the streams of another. The database
/// refuses what is not told here, so that a new event needs a line.
/// </summary>
public static class StreamKinds
{
    /// <summary>Of services.</summary>
    public const string Service = Streams.ServicePrefix;

    /// <summary>Of explorations.</summary>
    public const string Explorations = Streams.ExplorationsPrefix;

    /// <summary>Of matrices.</summary>
    public const string Matrix = Streams.MatrixPrefix;

    /// <summary>Of sandboxes.</summary>
    public const string Sandbox = Streams.SandboxPrefix;

    /// <summary>Of data centres.</summary>
    public const string DataCenter = Streams.DataCenterPrefix;

    /// <summary>Of policies.</summary>
    public const string Policy = Streams.PolicyPrefix;

    /// <summary>Of checkpoints.</summary>
    public const string Seal = Streams.SealPrefix;

    private static readonly FrozenDictionary<Type, string> OfEvents = new (string Kind, Type[] Events)[]
    {
        (Policy, [typeof(DataCenterConfigured)]),
        (Seal, [typeof(CheckpointSigned)]),
        (Service,
        [
            typeof(ServiceRegistered), typeof(ServiceWithdrawn), typeof(SlaViolated), typeof(SlaSlackDetected), typeof(SlaRestored),
        ]),
        (Explorations, [typeof(ExplorationStarted), typeof(ExplorationCompleted), typeof(RepetitionNoted)]),
        (Sandbox, [typeof(SandboxLeased), typeof(SandboxReleased)]),
        (Matrix,
        [
            typeof(MatrixOpened), typeof(SandboxAwaited), typeof(CloneRequested), typeof(CloneReady), typeof(CloneFailed),
            typeof(ExperimentStarted), typeof(SandboxAllocated), typeof(ExperimentCompleted), typeof(ExperimentFailed),
            typeof(CauseOutside), typeof(CellsPruned), typeof(ExperimentsEnded), typeof(CellInterpolated), typeof(MatrixFilled),
            typeof(InterpolationUsed), typeof(ValidationScheduled), typeof(InterpolationConfirmed), typeof(MismatchDetected),
        ]),
        (DataCenter,
        [
            typeof(MachineJoined), typeof(VmPlaced), typeof(MachineClaimRefused), typeof(VmClaimRefused), typeof(MachineLeft),
            typeof(VmLeft), typeof(MachineForgotten), typeof(MachineNotForgotten), typeof(AllocationDecided),
            typeof(AllocationNotDecided), typeof(PlacementDecided), typeof(PlacementDeferred), typeof(MigrationStarted),
            typeof(MigrationCompleted), typeof(MigrationFailed), typeof(AllocationStarted), typeof(AllocationApplied),
            typeof(AllocationFailed), typeof(PlacementApplied),
        ]),
    }.SelectMany(kind => kind.Events.Select(@event => KeyValuePair.Create(@event, kind.Kind))).ToFrozenDictionary();

    /// <summary>What the name of a stream begins with on which an event may stand.</summary>
    /// <exception cref="ArgumentException">It is no event that anybody appends.</exception>
    public static string Of(Type @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        return OfEvents.TryGetValue(@event, out var kind)
            ? kind
            : throw new ArgumentException($"{@event.Name} stands on no stream.", nameof(@event));
    }
}
