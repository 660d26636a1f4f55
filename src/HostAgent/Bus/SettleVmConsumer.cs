using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Takes up or ends what is in quarantine, as an operator says.</summary>
internal sealed class SettleVmConsumer(VmHost host, AgentSettings settings, ILogger<SettleVmConsumer> logger) : IConsumer<SettleVm>
{
    public async Task Consume(ConsumeContext<SettleVm> context)
    {
        var command = context.Message;
        try
        {
            if (command.Adopt)
            {
                var vm = await host.AdoptAsync(command.Vm, context.CancellationToken);
                AgentLog.Started(logger, vm.Name, vm.Machine, vm.Endpoint);
                await context.Publish(Allocations.Started(settings, vm));
            }
            else
            {
                var exit = await host.EndQuarantinedAsync(command.Vm, context.CancellationToken);
                AgentLog.Exited(logger, command.Vm, "on command; it was in quarantine");
                if (exit is not null)
                {
                    await context.Publish(
                        Reports.Exited(settings, exit.Vm, exit.Reason),
                        Pipe.Execute<PublishContext>(sent => sent.MessageId = exit.MessageId),
                        context.CancellationToken);
                    host.Told(exit);
                }
            }
        }
        catch (Exception e) when (Answer.Is(e, context.CancellationToken))
        {
            await context.Publish(new VmSettled(
                command.RequestId, settings.Agent, command.Vm, Adopted: false, Answer.Reason(e, logger)));
            return;
        }

        await context.Publish(new VmSettled(command.RequestId, settings.Agent, command.Vm, command.Adopt, Refused: null));
    }
}
