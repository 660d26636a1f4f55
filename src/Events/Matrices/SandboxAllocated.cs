using JustRunIt.Events.Messaging;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// The clone has its allocation; the replay may begin. On the matrix' stream, by the Experimenter on the host agent's word.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="Allocation">As read back.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Endpoint">host:port of the clone.</param>
/// <param name="ProxyNode">The proxy node that is to replay.</param>
/// <param name="Durations">How long each part takes.</param>
/// <param name="AnswerBy">A replay that has not begun by then is not begun (UTC); null from an older program.</param>
[WireName("justrunit.sandbox-allocated.v2")]
public sealed record SandboxAllocated(
    Guid MatrixId,
    Guid ExperimentId,
    Allocation Allocation,
    string Service,
    string Tier,
    string Endpoint,
    string ProxyNode,
    ExperimentDurations Durations,
    DateTimeOffset? AnswerBy = null) : IDomainEvent;
