using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys a clone; never anything that is on-line.</summary>
internal sealed class DestroyCloneConsumer(VmHost host, ILogger<DestroyCloneConsumer> logger) : IConsumer<DestroyClone>
{
    public async Task Consume(ConsumeContext<DestroyClone> context)
    {
        var clone = context.Message.CloneName;
        if (!host.List().Any(vm => vm.Name == clone && vm.Origin is not null))
            return;
        await host.StopAsync(clone, context.CancellationToken);
        AgentLog.Destroyed(logger, clone, "on command");
    }
}
