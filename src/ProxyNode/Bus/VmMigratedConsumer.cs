using JustRunIt.Events.Hosts;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A virtual machine has moved: the proxies before it follow.</summary>
internal sealed class VmMigratedConsumer(TierProxies proxies) : IConsumer<VmMigrated>
{
    public Task Consume(ConsumeContext<VmMigrated> context)
    {
        if (context.Message.Endpoint is { } endpoint)
            proxies.Follow(context.Message.Vm, endpoint, context.Message.Moves);
        return Task.CompletedTask;
    }
}
