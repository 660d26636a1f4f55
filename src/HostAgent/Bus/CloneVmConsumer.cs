using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Clones a virtual machine; a lease that is over already makes none.</summary>
internal sealed class CloneVmConsumer(
    VmHost host, AgentSettings settings, CommandDesk desk, TimeProvider clock, ILogger<CloneVmConsumer> logger) : IConsumer<CloneVm>
{
    public Task Consume(ConsumeContext<CloneVm> context)
    {
        var command = context.Message;
        return desk.AnswerAsync(
            context,
            async () =>
            {
                if (command.LeaseUntil <= clock.GetUtcNow())
                    throw new HostException($"the lease ended at {command.LeaseUntil:O}, before the clone was made");
                var clone = await host.CloneAsync(command, context.CancellationToken);
                AgentLog.Cloned(
                    logger, command.Vm, command.CloneName, clone.CloneTime.TotalMilliseconds, clone.Pause.TotalMilliseconds);
                return new VmCloned(
                    command.Subject,
                    command.RequestId,
                    settings.Agent,
                    command.CloneName,
                    clone.Endpoint,
                    host.BackEndName,
                    clone.Cold,
                    clone.Pause,
                    clone.CloneTime,
                    clone.BytesCopied);
            },
            e =>
            {
                var reason = Answer.Reason(e, logger);
                AgentLog.NotCloned(logger, command.Vm, command.CloneName, reason);
                return reason;
            });
    }
}
