using JustRunIt.Events.Quantities;

namespace JustRunIt.HostAgent.Hypervisors;

/// <summary>What a virtual machine may use: as wanted, and as read back from the system.</summary>
/// <param name="Cpu">Share of a core of its machine; idle time beyond it is not lent (§2.2.1).</param>
/// <param name="Memory">Memory limit; null leaves it as it is.</param>
/// <param name="Frequency">Highest frequency of its cores; null leaves it as it is, or, read back, none was set.</param>
/// <param name="Cores">Numbers of the host's cores that it runs on; empty for any, null leaves them as they are, or, read back, any.</param>
internal sealed record Allocation(
    CpuShare Cpu, MemorySize? Memory = null, Frequency? Frequency = null, IReadOnlyList<int>? Cores = null);
