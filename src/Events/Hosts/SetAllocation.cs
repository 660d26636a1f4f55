using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>Cap a running virtual machine or clone. Answered by <see cref="AllocationSet"/> or <see cref="AllocationRefused"/>.</summary>
/// <param name="Subject">Stream that asks; repeated in the answer.</param>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Allocation">
/// What it is to have; a resource that is not named stays as it is. Idle CPU time is not lent beyond the share (§2.2.1,
/// non-work-conserving); the frequency is that of the cores that it is pinned to.
/// </param>
/// <param name="Cores">Numbers of the host's cores that it is pinned to; empty for any, null leaves them as they are.</param>
/// <param name="ExpiresAt">Not begun after this time (UTC), but answered as expired; null: however late.</param>
[WireName("justrunit.set-allocation.v2")]
public sealed record SetAllocation(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    Allocation Allocation,
    IReadOnlyList<int>? Cores = null,
    DateTimeOffset? ExpiresAt = null) : IAgentCommand, IAnsweredCommand;
