using JustRunIt.Events.Messaging;
using JustRunIt.Events.Settings;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Services.Monitor;

/// <summary>Puts the configured policy and services on their streams when the Monitor starts.</summary>
internal sealed class ServiceRegistration(DecisionRunner runner, ConfigurationRead configuration, TimeProvider clock) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        return runner.HandleAsync(new RegistrationDecider(), configuration, new Cause(id, id, now), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
