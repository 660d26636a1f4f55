using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Caps what runs.</summary>
internal sealed class SetAllocationConsumer(IHypervisor hypervisor, AgentSettings settings) : IConsumer<SetAllocation>
{
    public async Task Consume(ConsumeContext<SetAllocation> context)
    {
        var command = context.Message;
        try
        {
            var cpu = hypervisor.SetAllocation(command.Vm, command.Cpu, command.Memory);
            await context.Publish(new AllocationSet(command.Subject, command.RequestId, settings.Agent, command.Vm, cpu));
        }
        catch (HypervisorException e)
        {
            await context.Publish(new AllocationRefused(command.Subject, command.RequestId, settings.Agent, command.Vm, e.NotRunning, e.Message));
        }
    }
}
