using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Starts an on-line virtual machine.</summary>
internal sealed class StartVmConsumer(VmHost host, AgentSettings settings, ILogger<StartVmConsumer> logger) : IConsumer<StartVm>
{
    public async Task Consume(ConsumeContext<StartVm> context)
    {
        var command = context.Message;
        RunningVm vm;
        try
        {
            vm = await host.StartAsync(command, context.CancellationToken);
        }
        catch (Exception e) when (Answer.Is(e))
        {
            var reason = Answer.Reason(e, logger);
            AgentLog.NotStarted(logger, command.Vm, reason);
            await context.Publish(new VmStartFailed(command.RequestId, settings.Agent, command.Vm, reason));
            return;
        }

        AgentLog.Started(logger, vm.Name, vm.Machine, vm.Endpoint);
        await context.Publish(Allocations.Started(settings, vm));
    }
}
