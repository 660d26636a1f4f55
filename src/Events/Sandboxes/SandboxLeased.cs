using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Sandboxes;

/// <summary>A sandbox machine is held by one matrix. On the sandbox' stream, by the Experimenter.</summary>
/// <param name="Machine">The sandbox machine.</param>
/// <param name="Holder">Stream of the matrix that holds it.</param>
/// <param name="Until">The lease ends by itself at this time (UTC).</param>
[WireName("justrunit.sandbox-leased.v1")]
public sealed record SandboxLeased(string Machine, string Holder, DateTimeOffset Until) : IDomainEvent;
