using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>What messages say of CPU, memory, frequency and cores, in the agent's own types and back: here and nowhere else.</summary>
internal static class Allocations
{
    /// <summary>Cores, MiB, MHz: no machine has more.</summary>
    private const double LargestAmount = 1L << 40;

    /// <summary>What an agent can set.</summary>
    private static readonly string[] Settable = [ResourceNames.Cpu, ResourceNames.Memory, ResourceNames.Frequency];

    /// <summary>Share of a core that a virtual machine is to be started with.</summary>
    /// <exception cref="HostException">The command names none.</exception>
    public static CpuShare CpuOf(StartVm command) =>
        Bounded(command.Allocation).Cpu ?? throw Missing(ResourceNames.Cpu);

    /// <summary>Memory limit that a virtual machine is to be started with.</summary>
    /// <exception cref="HostException">The command names none.</exception>
    public static MemorySize MemoryOf(StartVm command) =>
        Bounded(command.Allocation).Memory ?? throw Missing(ResourceNames.Memory);

    /// <summary>What is to be started, before it has a process.</summary>
    public static RunningVm NewVm(StartVm command) => new(
        command.Vm, command.Machine, command, CpuOf(command), MemoryOf(command), command.Program.Listen, 0, 0, null);

    /// <summary>What one is to have; what is absent stays as it is.</summary>
    /// <exception cref="HostException">The command names what no agent can set.</exception>
    public static VmAllocation Wanted(SetAllocation command) =>
        command.Allocation.Resources.FirstOrDefault(resource => !Settable.Contains(resource)) is { } unknown
            ? throw new HostException($"allocation: '{unknown}'; a host agent can set {string.Join(", ", Settable)}")
            : new VmAllocation(Bounded(command.Allocation).Cpu, command.Allocation.Memory, command.Allocation.Frequency, command.Cores);

    /// <summary>What one has, as read back.</summary>
    public static AllocationSet Set(SetAllocation command, AgentSettings settings, VmAllocation set) => new(
        command.Subject, command.RequestId, settings.Agent, command.Vm, Allocation.Of(set.Cpu, set.Memory, set.Frequency), set.Cores);

    /// <summary>An on-line virtual machine runs.</summary>
    public static VmStarted Started(AgentSettings settings, RunningVm vm) => new(
        vm.Start.RequestId,
        settings.DataCenter,
        settings.Agent,
        vm.Machine,
        vm.Name,
        vm.Start.Service,
        vm.Start.Tier,
        vm.Start.Pinned,
        Has(vm),
        vm.Start.RequestId);

    /// <summary>A machine of the agent's.</summary>
    public static MachineAnnounced Announced(AgentSettings settings, MachineSettings machine, string backEnd) => new(
        settings.DataCenter, settings.Agent, machine.Name, machine.Role, CapacityOf(machine), backEnd, settings.Simulated);

    /// <summary>The same for an operator.</summary>
    public static HostMachine Machine(MachineSettings machine) => new(machine.Name, machine.Role, CapacityOf(machine));

    /// <summary>What runs, for an operator.</summary>
    public static HostVm Vm(RunningVm vm) => new(
        vm.Name,
        vm.Machine,
        Has(vm),
        vm.Endpoint,
        vm.Origin?.Command.Vm,
        vm.Origin?.Command.LeaseUntil,
        vm.Moves);

    /// <summary>What is in quarantine, for an operator.</summary>
    public static HostUnknown Unknown(Quarantined one) => new(
        one.Name, one.Machine, Allocation.Of(one.Cpu, one.Memory), one.Known is { Origin: null }, one.Reason);

    /// <summary>The same, as it is announced.</summary>
    public static VmQuarantined Quarantined(AgentSettings settings, Quarantined one) => new(
        settings.Agent, one.Machine, one.Name, Allocation.Of(one.Cpu, one.Memory), one.Known is { Origin: null }, one.Reason);

    /// <summary>What one has, whichever of it was ever set.</summary>
    private static Allocation Has(RunningVm vm) => Allocation.Of(vm.Cpu, vm.Memory, vm.Frequency);

    private static Allocation CapacityOf(MachineSettings machine) => Allocation.Of(machine.Cpu, machine.Memory);

    /// <summary>An allocation whose amounts the agent's own types can hold.</summary>
    /// <exception cref="HostException">One is beyond what any machine has.</exception>
    private static Allocation Bounded(Allocation allocation) =>
        allocation.Amounts.FirstOrDefault(amount => amount.Value > LargestAmount).Key is { } resource
            ? throw new HostException($"{resource}: {allocation[resource]}; allowed is at most {LargestAmount:0}")
            : allocation;

    private static HostException Missing(string resource) =>
        new($"allocation: '{resource}' is missing; a server starts with CPU and memory");
}
