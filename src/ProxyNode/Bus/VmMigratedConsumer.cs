using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A virtual machine has moved: the proxies before it follow.</summary>
internal sealed class VmMigratedConsumer(TierProxies proxies) : IConsumer<VmMigrated>
{
    public Task Consume(ConsumeContext<VmMigrated> context)
    {
        if (context.Message.Endpoint is { } endpoint && !Endpoint.TryParse(endpoint, EndpointKinds.HostName, out _))
        {
            throw new MalformedMessageException(
                $"endpoint: '{Name.Shown(endpoint)}'; allowed is {Endpoint.Allowed(EndpointKinds.HostName)}");
        }

        if (context.Message.Endpoint is not null)
            proxies.Follow(context.Message.Vm, context.Message.Endpoint, context.Message.Moves);
        return Task.CompletedTask;
    }
}
