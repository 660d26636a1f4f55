using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>Start a virtual machine on a machine. Answered by <see cref="VmStarted"/> or <see cref="VmStartFailed"/>.</summary>
/// <param name="RequestId">Repeated in the answer; the same request twice starts one.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Machine">Where.</param>
/// <param name="Vm">Its name.</param>
/// <param name="Service">The service it belongs to.</param>
/// <param name="Tier">The tier it belongs to.</param>
/// <param name="Pinned">True when it may not be migrated.</param>
/// <param name="Program">What runs in it.</param>
/// <param name="Allocation">What it is to have; CPU and memory are named.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.start-vm.v2")]
public sealed record StartVm(
    Guid RequestId,
    [Named] string Agent,
    [Named] string Machine,
    [Named] string Vm,
    [Named] string Service,
    [Named] string Tier,
    bool Pinned,
    VmProgram Program,
    Allocation Allocation,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand, IBearsSecrets;
