using JustRunIt.Events.Hosts;
using JustRunIt.Events.Quantities;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;

namespace JustRunIt.HostAgent.Bus;

/// <summary>What messages say of CPU, memory, frequency and cores, in the agent's own types and back: here and nowhere else.</summary>
internal static class Allocations
{
    /// <summary>Share of a core that a virtual machine is to be started with.</summary>
    public static CpuShare CpuOf(StartVm command) => command.Cpu;

    /// <summary>Memory limit that a virtual machine is to be started with.</summary>
    public static MemorySize MemoryOf(StartVm command) => command.Memory;

    /// <summary>What is to be started, before it has a process.</summary>
    public static RunningVm NewVm(StartVm command) => new(
        command.Vm, command.Machine, command, CpuOf(command), MemoryOf(command), command.Program.Listen, 0, 0, null);

    /// <summary>What one is to have; what is absent stays as it is.</summary>
    public static VmAllocation Wanted(SetAllocation command) => new(command.Cpu, command.Memory, command.Frequency, command.Cores);

    /// <summary>What one has, as read back.</summary>
    public static AllocationSet Set(SetAllocation command, AgentSettings settings, VmAllocation set) => new(
        command.Subject, command.RequestId, settings.Agent, command.Vm, set.Cpu!.Value, set.Memory, set.Frequency, set.Cores);

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
        vm.Cpu,
        vm.Memory);

    /// <summary>A machine of the agent's.</summary>
    public static MachineAnnounced Announced(AgentSettings settings, MachineSettings machine, string backEnd) => new(
        settings.DataCenter, settings.Agent, machine.Name, machine.Role, machine.Cpu, machine.Memory, backEnd, settings.Simulated);

    /// <summary>The same for an operator.</summary>
    public static HostMachine Machine(MachineSettings machine) => new(machine.Name, machine.Role, machine.Cpu, machine.Memory);

    /// <summary>What runs, for an operator.</summary>
    public static HostVm Vm(RunningVm vm) => new(
        vm.Name, vm.Machine, vm.Cpu, vm.Memory, vm.Endpoint, vm.Origin?.Command.Vm, vm.Origin?.Command.LeaseUntil, vm.Moves);
}
