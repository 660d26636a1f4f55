using JustRunIt.Events.Proxies;
using JustRunIt.Hosting.Messaging;
using JustRunIt.ProxyNode.Configuration;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>Stops duplicating a tier's traffic.</summary>
internal sealed class StopReplayConsumer(
    TierProxies proxies, Sandboxes sandboxes, NodeSettings settings, ILogger<StopReplayConsumer> logger)
    : IConsumer<StopReplay>
{
    public async Task Consume(ConsumeContext<StopReplay> context)
    {
        var command = context.Message;
        sandboxes.Release(command.Service, command.Tier);
        if (proxies.Find(command.Service, command.Tier) is { } proxy)
        {
            await proxy.StopReplayAsync();
            ReplayLog.Stopped(logger, command.Tier, command.Service);
        }

        await Answers.PublishAsync(
            context,
            command.RequestId,
            new ReplayStopped(command.Subject, command.RequestId, settings.Node, command.Service, command.Tier),
            context.CancellationToken);
    }
}
