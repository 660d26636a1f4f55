using JustRunIt.Events.Hosts;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>A cell was measured. On the matrix' stream, by the Experimenter on the proxy node's word.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Allocation">What the clone had.</param>
/// <param name="Purpose">Exploration or validation.</param>
/// <param name="From">Start of the measured arrivals (UTC).</param>
/// <param name="To">End of the measured arrivals, exclusive (UTC).</param>
/// <param name="Online">The original under the same arrivals.</param>
/// <param name="Sandbox">The clone.</param>
/// <param name="Matches">How the clone's own requests were answered.</param>
/// <param name="OnlinePower">Power on-line while the measured requests arrived; null when no meter is configured there.</param>
/// <param name="SandboxPower">Power in the sandbox while their duplicates arrived; null when no meter is configured there.</param>
[WireName("justrunit.experiment-completed.v2")]
public sealed record ExperimentCompleted(
    Guid MatrixId,
    Guid ExperimentId,
    Cell Cell,
    Allocation Allocation,
    ExperimentPurpose Purpose,
    DateTimeOffset From,
    DateTimeOffset To,
    SideMeasured Online,
    SideMeasured Sandbox,
    MatchCounts Matches,
    PowerDrawn? OnlinePower = null,
    PowerDrawn? SandboxPower = null) : IDomainEvent;
