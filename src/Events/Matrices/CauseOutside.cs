using JustRunIt.Events.Messaging;
using JustRunIt.Events.Resources;
using JustRunIt.Events.Sla;

namespace JustRunIt.Events.Matrices;

/// <summary>
/// Experiments with this tier cannot reproduce what its exploration is about: the source saw something else than the tier's
/// in-proxy saw meanwhile, so that the cause lies outside of the tier. On the matrix' stream, by the Experimenter.
/// </summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="Service">The service.</param>
/// <param name="Tier">The tier.</param>
/// <param name="Agreement">What was agreed.</param>
/// <param name="Seen">What the source saw.</param>
/// <param name="Online">The agreed metric on-line at the tier's in-proxy, in its unit.</param>
/// <param name="Reason">One sentence with both values and the bound.</param>
[WireName("justrunit.cause-outside.v1")]
public sealed record CauseOutside(
    Guid MatrixId,
    string Service,
    string Tier,
    Agreement Agreement,
    Observation Seen,
    double Online,
    string Reason) : IDomainEvent;
