using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="SetAllocation"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Allocation">What is in force, as read back from the system.</param>
/// <param name="Cores">The cores that it is pinned to, as read back; null when it is not pinned.</param>
[WireName("justrunit.allocation-set.v2")]
public sealed record AllocationSet(
    string Subject,
    Guid RequestId,
    [Named] string Agent,
    [Named] string Vm,
    Allocation Allocation,
    IReadOnlyList<int>? Cores = null) : IReport;
