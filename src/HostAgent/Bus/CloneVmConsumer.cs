using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Clones a virtual machine; a lease that is over already makes none.</summary>
internal sealed class CloneVmConsumer(IHypervisor hypervisor, AgentSettings settings, TimeProvider clock, ILogger<CloneVmConsumer> logger)
    : IConsumer<CloneVm>
{
    public async Task Consume(ConsumeContext<CloneVm> context)
    {
        var command = context.Message;
        try
        {
            if (command.LeaseUntil <= clock.GetUtcNow())
                throw new HypervisorException($"the lease ended at {command.LeaseUntil:O}, before the clone was made");
            var clone = await hypervisor.CloneAsync(command, context.CancellationToken);
            AgentLog.Cloned(logger, command.Vm, command.CloneName, clone.CloneTime.TotalMilliseconds, clone.Pause.TotalMilliseconds);
            await context.Publish(new VmCloned(
                command.Subject,
                command.RequestId,
                settings.Agent,
                command.CloneName,
                clone.Endpoint,
                hypervisor.Name,
                clone.Cold,
                clone.Pause,
                clone.CloneTime,
                clone.BytesCopied));
        }
        catch (HypervisorException e)
        {
            AgentLog.NotCloned(logger, command.Vm, command.CloneName, e.Message);
            await context.Publish(new VmCloneFailed(command.Subject, command.RequestId, settings.Agent, command.CloneName, e.Message));
        }
    }
}
