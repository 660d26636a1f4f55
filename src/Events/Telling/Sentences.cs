using System.Globalization;
using JustRunIt.Events.DataCenters;
using JustRunIt.Events.Explorations;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Placement;
using JustRunIt.Events.Sandboxes;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Telling;

/// <summary>What an event says, as one sentence without a full stop, for people who know the subject and not the code.</summary>
public static class Sentences
{
    /// <summary>What an event says.</summary>
    /// <exception cref="UnknownEventException">There are no words for it: it is newer than the program.</exception>
    public static string Of(IDomainEvent @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        return @event switch
        {
            DataCenterConfigured or ServiceRegistered or ServiceWithdrawn or SlaViolated or SlaRestored or SlaSlackDetected =>
                ServiceSentences.Of(@event),
            ExplorationStarted or ExplorationCompleted or RepetitionNoted or SandboxLeased or SandboxReleased =>
                ExplorationSentences.Of(@event),
            MatrixOpened or SandboxAwaited or CloneRequested or CloneReady or CloneFailed or ExperimentStarted or SandboxAllocated
                or ExperimentCompleted or ExperimentFailed or CauseOutside or CellsPruned or ExperimentsEnded =>
                ExperimentSentences.Of(@event),
            CellInterpolated or MatrixFilled or InterpolationUsed or ValidationScheduled or InterpolationConfirmed or MismatchDetected =>
                MatrixSentences.Of(@event),
            MachineJoined or VmPlaced or MachineClaimRefused or VmClaimRefused or MachineLeft or VmLeft or MachineForgotten
                or MachineNotForgotten => InventorySentences.Of(@event),
            AllocationDecided or AllocationNotDecided or PlacementDecided or PlacementDeferred or PlacementApplied
                or MigrationStarted or MigrationCompleted or MigrationFailed
                or AllocationStarted or AllocationApplied or AllocationFailed => PlacementSentences.Of(@event),
            _ => throw new UnknownEventException(Wire.NameOf(@event.GetType())),
        };
    }

    /// <summary>A text with numbers as everywhere.</summary>
    internal static string Say(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>A time as it is told: to the second, in UTC.</summary>
    public static string At(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Names with commas between them.</summary>
    internal static string List(IEnumerable<string> names) => string.Join(", ", names);
}
