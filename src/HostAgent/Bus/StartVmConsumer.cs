using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Starts an on-line virtual machine.</summary>
internal sealed class StartVmConsumer(VmHost host, AgentSettings settings, CommandDesk desk, ILogger<StartVmConsumer> logger)
    : IConsumer<StartVm>
{
    public Task Consume(ConsumeContext<StartVm> context)
    {
        var command = context.Message;
        return desk.AnswerAsync(
            context,
            async () =>
            {
                var vm = await host.StartAsync(command, context.CancellationToken);
                AgentLog.Started(logger, vm.Name, vm.Machine, vm.Endpoint);
                // One that another request has started as this one says is this one's too.
                return Allocations.Started(settings, vm) with { RequestId = command.RequestId };
            },
            e =>
            {
                var reason = Answer.Reason(e, logger);
                AgentLog.NotStarted(logger, command.Vm, reason);
                return reason;
            });
    }
}
