using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>A host agent's answer to <see cref="SetAllocation"/>.</summary>
/// <param name="Subject">Stream that asked.</param>
/// <param name="RequestId">The request.</param>
/// <param name="Agent">The host agent.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Cpu">The cap as read back from the system.</param>
/// <param name="Memory">The memory limit as read back; null when the agent did not read it.</param>
/// <param name="Frequency">The highest frequency as read back; null when none was set.</param>
/// <param name="Cores">The cores that it is pinned to, as read back; null when it is not pinned.</param>
[WireName("justrunit.allocation-set.v1")]
public sealed record AllocationSet(
    string Subject,
    Guid RequestId,
    string Agent,
    string Vm,
    CpuShare Cpu,
    MemorySize? Memory = null,
    Frequency? Frequency = null,
    IReadOnlyList<int>? Cores = null) : IReport;
