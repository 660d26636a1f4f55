using JustRunIt.Events.Proxies;
using JustRunIt.Hosting.Messaging;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>
/// Measures an experiment and answers. The command stays unacknowledged meanwhile: if this process dies, the broker delivers
/// it again to the next one, which measures afresh.
/// </summary>
internal sealed class StartReplayConsumer(Experiments experiments, ILogger<StartReplayConsumer> logger) : IConsumer<StartReplay>
{
    public async Task Consume(ConsumeContext<StartReplay> context)
    {
        var command = context.Message;
        ReplayLog.Started(logger, command.Subject, command.Tier, command.Service, command.SandboxEndpoint);
        var result = await experiments.RunAsync(command);
        ReplayLog.Measured(logger, result);
        await Answers.PublishAsync(context, command.RequestId, result, context.CancellationToken);
    }
}
