using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Starts an on-line virtual machine.</summary>
internal sealed class StartVmConsumer(IHypervisor hypervisor, AgentSettings settings, ILogger<StartVmConsumer> logger) : IConsumer<StartVm>
{
    public async Task Consume(ConsumeContext<StartVm> context)
    {
        var command = context.Message;
        try
        {
            var vm = await hypervisor.StartAsync(command, context.CancellationToken);
            AgentLog.Started(logger, vm.Name, vm.Machine, vm.Endpoint);
            await context.Publish(Reports.Started(settings, vm));
        }
        catch (HypervisorException e)
        {
            AgentLog.NotStarted(logger, command.Vm, e.Message);
            await context.Publish(new VmStartFailed(command.RequestId, settings.Agent, command.Vm, e.Message));
        }
    }
}
