using JustRunIt.Events.Proxies;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Stops duplicating a tier's traffic.</summary>
internal sealed class StopReplayConsumer(TierProxies proxies, ILogger<StopReplayConsumer> logger) : IConsumer<StopReplay>
{
    public async Task Consume(ConsumeContext<StopReplay> context)
    {
        var (service, tier) = (context.Message.Service, context.Message.Tier);
        if (proxies.Find(service, tier) is not { } proxy)
            return;
        await proxy.StopReplayAsync();
        ReplayLog.Stopped(logger, tier, service);
    }
}
