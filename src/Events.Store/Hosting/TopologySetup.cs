using JustRunIt.Events.Store.Messaging;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Events.Store.Hosting;

/// <summary>Declares every exchange and queue before this process says anything, so that whoever starts later misses nothing.</summary>
internal sealed class TopologySetup(Uri rabbitMq, string name) : IHostedService
{
    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var publisher = await Publisher.ConnectAsync(rabbitMq, $"setup-{name}", cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
