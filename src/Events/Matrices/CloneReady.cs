using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>The clone runs and is healthy. On the matrix' stream, by the Experimenter on the host agent's word.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="Endpoint">host:port at which the in-proxy reaches it.</param>
/// <param name="Hypervisor">The back end that made it.</param>
/// <param name="Cold">True when it was started afresh.</param>
/// <param name="Pause">How long the original stood still.</param>
/// <param name="CloneTime">From the command to a healthy clone.</param>
/// <param name="BytesCopied">Memory and disk moved.</param>
[WireName("justrunit.clone-ready.v1")]
public sealed record CloneReady(
    Guid MatrixId,
    string CloneName,
    string Endpoint,
    string Hypervisor,
    bool Cold,
    TimeSpan Pause,
    TimeSpan CloneTime,
    long BytesCopied) : IDomainEvent;
