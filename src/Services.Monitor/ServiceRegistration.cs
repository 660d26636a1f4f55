using System.Text.Json;
using JustRunIt.Events;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Events.Store;
using JustRunIt.Services.Monitor.Configuration;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.Services.Monitor;

/// <summary>Puts the configured services on their streams when the Monitor starts; what has not changed is not said again.</summary>
internal sealed class ServiceRegistration(EventStore store, ServiceDefinitions definitions, TimeProvider clock) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var definition in definitions.Services)
        {
            var id = Guid.CreateVersion7(clock.GetUtcNow());
            await using var work = store.Begin(new Cause(id, id, clock.GetUtcNow()));
            var stream = Streams.Service(definition.Service);
            var history = await work.LoadAsync<ServiceState>(stream, cancellationToken);
            // Compared as JSON: records with lists inside have no equality of their own.
            if (history.State.Registered is { } before && Json(before with { At = default }) == Json(definition with { At = default }))
                continue;
            work.Append(stream, [definition with { At = work.Cause.At }]);
            await work.CommitAsync(cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Json(ServiceRegistered registered) => JsonSerializer.Serialize(registered, Wire.Json);
}
