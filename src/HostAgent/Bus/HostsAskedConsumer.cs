using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells an operator what runs here.</summary>
internal sealed class HostsAskedConsumer(IHypervisor hypervisor, AgentSettings settings, ChosenBackEnd chosen) : IConsumer<HostsAsked>
{
    public Task Consume(ConsumeContext<HostsAsked> context) => context.Publish(new HostReported(
        context.Message.RequestId,
        settings.DataCenter,
        settings.Agent,
        hypervisor.Name,
        settings.Simulated,
        [.. settings.Machines.Select(machine => new HostMachine(machine.Name, machine.Role, machine.Cpu, machine.Memory))],
        [
            .. hypervisor.List().Select(vm => new HostVm(
                vm.Name, vm.Machine, vm.Cpu, vm.Memory, vm.Endpoint, vm.Origin?.Command.Vm, vm.Origin?.Command.LeaseUntil, vm.Moves)),
        ],
        chosen.BackEnd.Clones,
        chosen.Why));
}
