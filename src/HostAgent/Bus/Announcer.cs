using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of the agent's machines, and of what runs on them, when the agent starts.</summary>
internal sealed class Announcer(AgentSettings settings, VmHost host, IBus bus) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var machine in settings.Machines)
            await bus.Publish(Allocations.Announced(settings, machine, host.BackEndName), stoppingToken);
        foreach (var vm in host.List().Where(vm => vm.Origin is null))
            await bus.Publish(Allocations.Started(settings, vm), stoppingToken);
        foreach (var unknown in host.Quarantined)
            await bus.Publish(Allocations.Quarantined(settings, unknown), stoppingToken);
    }
}
