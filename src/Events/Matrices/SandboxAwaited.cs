using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Matrices;

/// <summary>Another matrix holds the sandbox machine; tried again later. On the matrix' stream, by the Experimenter.</summary>
/// <param name="MatrixId">The matrix that waits.</param>
/// <param name="Machine">The sandbox machine.</param>
/// <param name="HeldBy">The stream that holds it.</param>
/// <param name="RetryAt">When it is tried again (UTC).</param>
[WireName("justrunit.sandbox-awaited.v1")]
public sealed record SandboxAwaited(Guid MatrixId, string Machine, string HeldBy, DateTimeOffset RetryAt) : IDomainEvent;
