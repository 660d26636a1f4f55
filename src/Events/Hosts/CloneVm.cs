using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;

namespace JustRunIt.Events.Hosts;

/// <summary>
/// Clone an on-line virtual machine into a sandbox (§2.2.1). Answered by <see cref="VmCloned"/> or <see cref="VmCloneFailed"/>.
/// </summary>
/// <param name="Subject">Stream that asks; repeated in the answer.</param>
/// <param name="RequestId">Repeated in the answer; the same request twice makes one clone.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The original.</param>
/// <param name="CloneName">Name of the clone.</param>
/// <param name="SandboxMachine">Where the clone is to run.</param>
/// <param name="Next">Address at which the clone finds its out-proxy; null when it calls no next tier.</param>
/// <param name="LeaseUntil">The agent destroys the clone at this time (UTC), whoever died.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.clone-vm.v1")]
public sealed record CloneVm(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    [Named] string CloneName,
    [Named] string SandboxMachine,
    string? Next,
    DateTimeOffset LeaseUntil,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand;
