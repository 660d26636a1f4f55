using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Clones a virtual machine; a lease that is over already makes none.</summary>
internal sealed class CloneVmConsumer(VmHost host, AgentSettings settings, TimeProvider clock, ILogger<CloneVmConsumer> logger)
    : IConsumer<CloneVm>
{
    public async Task Consume(ConsumeContext<CloneVm> context)
    {
        var command = context.Message;
        CloneResult clone;
        try
        {
            if (command.LeaseUntil <= clock.GetUtcNow())
                throw new HostException($"the lease ended at {command.LeaseUntil:O}, before the clone was made");
            clone = await host.CloneAsync(command, context.CancellationToken);
        }
        catch (Exception e) when (Answer.Is(e))
        {
            var reason = Answer.Reason(e, logger);
            AgentLog.NotCloned(logger, command.Vm, command.CloneName, reason);
            await context.Publish(new VmCloneFailed(command.Subject, command.RequestId, settings.Agent, command.CloneName, reason));
            return;
        }

        AgentLog.Cloned(logger, command.Vm, command.CloneName, clone.CloneTime.TotalMilliseconds, clone.Pause.TotalMilliseconds);
        await context.Publish(new VmCloned(
            command.Subject,
            command.RequestId,
            settings.Agent,
            command.CloneName,
            clone.Endpoint,
            host.BackEndName,
            clone.Cold,
            clone.Pause,
            clone.CloneTime,
            clone.BytesCopied));
    }
}
