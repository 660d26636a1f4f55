using JustRunIt.Events.Proxies;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Stops duplicating a tier's traffic.</summary>
internal sealed class StopReplayConsumer(TierProxies proxies) : IConsumer<StopReplay>
{
    public Task Consume(ConsumeContext<StopReplay> context) =>
        proxies.Find(context.Message.Service, context.Message.Tier)?.StopReplayAsync() ?? Task.CompletedTask;
}
