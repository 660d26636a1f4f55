using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;

namespace JustRunIt.HostAgent.Machines;

/// <summary>What a virtual machine may use: as wanted, where what is absent stays as it is, and as read back from the system.</summary>
/// <param name="Cpu">Share of a core of its machine; idle time beyond it is not lent (§2.2.1). Read back it is always there.</param>
/// <param name="Memory">Memory limit.</param>
/// <param name="Frequency">Highest frequency of its cores; read back, null when none was set.</param>
/// <param name="Cores">Numbers of the host's cores that it runs on; empty for any; read back, null for any.</param>
internal sealed record VmAllocation(
    CpuShare? Cpu = null, MemorySize? Memory = null, Frequency? Frequency = null, IReadOnlyList<int>? Cores = null)
{
    /// <summary>Whether one has all of it already.</summary>
    public bool IsOf(RunningVm vm) =>
        (Cpu ?? vm.Cpu) == vm.Cpu && (Memory ?? vm.Memory) == vm.Memory && (Frequency ?? vm.Frequency) == vm.Frequency
        && (Cores is null || Cores.Distinct().Order().SequenceEqual(vm.Cores ?? []));

    /// <summary>For example <c>cpu 40 %, memory 256 MiB, cores 0,1</c>.</summary>
    public override string ToString() =>
        $"{Allocation.Of(Cpu, Memory, Frequency)}{(Cores is { Count: > 0 } ? $", cores {string.Join(',', Cores)}" : "")}";
}
