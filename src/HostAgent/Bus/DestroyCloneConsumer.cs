using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys a clone, also one that is being made; never anything that is on-line.</summary>
internal sealed class DestroyCloneConsumer(VmHost host, AgentSettings settings, CommandDesk desk, ILogger<DestroyCloneConsumer> logger)
    : IConsumer<DestroyClone>
{
    public Task Consume(ConsumeContext<DestroyClone> context)
    {
        var command = context.Message;
        return desk.AnswerAsync(
            context,
            async () =>
            {
                if (await host.DestroyAsync(command.CloneName, command.Subject, context.CancellationToken))
                    AgentLog.Destroyed(logger, command.CloneName, "on command");
                return new CloneDestroyed(command.Subject, command.RequestId, settings.Agent, command.CloneName);
            },
            e =>
            {
                var reason = Answer.Reason(e, logger);
                AgentLog.NotDestroyed(logger, command.CloneName, reason);
                return reason;
            });
    }
}
