using JustRunIt.Events.Store.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>Declares every exchange and queue before this process says anything, so that whoever starts later misses nothing.</summary>
internal sealed class TopologySetup(Uri rabbitMq, string name, ILogger<TopologySetup> logger) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Reaching.WaitAsync(
        $"RabbitMQ at {rabbitMq.Host}:{rabbitMq.Port}",
        Connections.RabbitMqVariable,
        async () =>
        {
            await using var publisher = await Publisher.ConnectAsync(rabbitMq, $"setup-{name}", cancellationToken).ConfigureAwait(false);
        },
        logger,
        cancellationToken);

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
