using JustRunIt.Events.Proxies;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Measures an experiment and answers. The command stays unacknowledged meanwhile: if this process dies, the broker delivers
/// it again to the next one, which measures afresh.
/// </summary>
internal sealed class StartReplayConsumer(Experiments experiments) : IConsumer<StartReplay>
{
    public async Task Consume(ConsumeContext<StartReplay> context) =>
        await context.Publish(await experiments.RunAsync(context.Message), context.CancellationToken);
}
