using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Services.Monitor;

/// <summary>
/// Puts the configured policy and services on their streams when the Monitor starts: each service in a decision of its own, since what a
/// decision read stands with each of its events. Other Monitors may do the same at the same time.
/// </summary>
internal sealed class ServiceRegistration(DecisionRunner runner, ConfigurationRead configuration, TimeProvider clock) : IHostedService
{
    private const int AtOnce = 4;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var all = configuration.Services.Select(service => service.Service).ToList();
        var decider = new RegistrationDecider();
        await DecideAsync(decider, configuration with { Services = [], All = all }, cancellationToken);
        await Parallel.ForEachAsync(
            configuration.Services,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (service, cancellation) => await DecideAsync(decider, new ServiceRead(service), cancellation));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task DecideAsync<TMessage>(IDecider<TMessage> decider, TMessage message, CancellationToken cancellation)
        where TMessage : class
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await runner.HandleAgainAsync(decider, message, new Cause(id, id, now), cancellation);
    }
}
