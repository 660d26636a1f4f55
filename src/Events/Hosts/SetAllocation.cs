using JustRunIt.Events.Messaging;
using JustRunIt.Events.Quantities;

namespace JustRunIt.Events.Hosts;

/// <summary>Cap a running virtual machine or clone. Answered by <see cref="AllocationSet"/> or <see cref="AllocationRefused"/>.</summary>
/// <param name="Subject">Stream that asks; repeated in the answer.</param>
/// <param name="RequestId">Repeated in the answer.</param>
/// <param name="Agent">The host agent that is to do it.</param>
/// <param name="Vm">The virtual machine or clone.</param>
/// <param name="Cpu">Share of a core; idle time is not lent beyond it (§2.2.1, non-work-conserving).</param>
/// <param name="Memory">Memory limit; null leaves it as it is.</param>
/// <param name="Frequency">Highest frequency of the cores that it is pinned to; null leaves it as it is.</param>
/// <param name="Cores">Numbers of the host's cores that it is pinned to; empty for any, null leaves them as they are.</param>
[WireName("justrunit.set-allocation.v1")]
public sealed record SetAllocation(
    string Subject,
    Guid RequestId,
    string Agent,
    string Vm,
    CpuShare Cpu,
    MemorySize? Memory,
    Frequency? Frequency = null,
    IReadOnlyList<int>? Cores = null) : ICommand;
