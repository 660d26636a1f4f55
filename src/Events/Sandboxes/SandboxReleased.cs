using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sandboxes;

/// <summary>A sandbox machine is free again. On the sandbox' stream, by the Experimenter.</summary>
/// <param name="Machine">The sandbox machine.</param>
/// <param name="Holder">Stream of the matrix that held it.</param>
[WireName("justrunit.sandbox-released.v1")]
public sealed record SandboxReleased(string Machine, string Holder) : IDomainEvent;
