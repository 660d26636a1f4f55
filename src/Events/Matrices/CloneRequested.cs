using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>The sandbox is leased and a clone asked for. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix.</param>
/// <param name="RequestId">Of the command that follows.</param>
/// <param name="Vm">The original.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="Sandbox">Where it is to run.</param>
/// <param name="LeaseUntil">The clone is destroyed at this time at the latest (UTC).</param>
/// <param name="AnswerBy">A host agent that has not answered by then has failed (UTC).</param>
/// <param name="At">When (UTC).</param>
[WireName("justrunit.clone-requested.v2")]
public sealed record CloneRequested(
    Guid MatrixId,
    Guid RequestId,
    string Vm,
    string CloneName,
    SandboxPlace Sandbox,
    DateTimeOffset LeaseUntil,
    DateTimeOffset AnswerBy,
    DateTimeOffset At) : IDomainEvent;
