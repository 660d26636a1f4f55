using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Declares every exchange and queue before this process says anything, so that whoever starts later misses nothing.</summary>
internal sealed class TopologySetup(Uri rabbitMq, string name, ILogger<TopologySetup> logger) : IHostedService
{
    private readonly FirstContact broker = new(
        $"RabbitMQ at {rabbitMq.Host}:{rabbitMq.Port}", EnvironmentVariables.RabbitMq, Broker.Refusal, Broker.IsAway);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => broker.MakeAsync(
        async () =>
        {
            await using var publisher = await Publisher.ConnectAsync(rabbitMq, $"setup-{name}", cancellationToken).ConfigureAwait(false);
        },
        logger,
        cancellationToken);

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
