using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Caps what runs.</summary>
internal sealed class SetAllocationConsumer(IHypervisor hypervisor, AgentSettings settings, ILogger<SetAllocationConsumer> logger)
    : IConsumer<SetAllocation>
{
    public async Task Consume(ConsumeContext<SetAllocation> context)
    {
        var command = context.Message;
        var wanted = new Allocation(command.Cpu, command.Memory, command.Frequency, command.Cores);
        try
        {
            var set = await hypervisor.AllocateAsync(command.Vm, wanted, context.CancellationToken);
            AgentLog.Allocated(logger, command.Vm, set.ToString());
            await context.Publish(new AllocationSet(
                command.Subject, command.RequestId, settings.Agent, command.Vm, set.Cpu, set.Memory, set.Frequency, set.Cores));
        }
        catch (HypervisorException e)
        {
            AgentLog.NotAllocated(logger, command.Vm, wanted.ToString(), e.Message);
            await context.Publish(new AllocationRefused(command.Subject, command.RequestId, settings.Agent, command.Vm, e.NotRunning, e.Message));
        }
    }
}
