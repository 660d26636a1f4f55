using JustRunIt.Events.Hosts;
using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of the agent's machines, and of what runs on them, when the agent starts.</summary>
internal sealed class Announcer(AgentSettings settings, IHypervisor hypervisor, IBus bus) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var machine in settings.Machines)
        {
            await bus.Publish(
                new MachineAnnounced(
                    settings.DataCenter,
                    settings.Agent,
                    machine.Name,
                    machine.Role,
                    machine.Cpu,
                    machine.Memory,
                    hypervisor.Name,
                    settings.Simulated),
                stoppingToken);
        }

        foreach (var vm in hypervisor.List().Where(vm => vm.Origin is null))
            await bus.Publish(Reports.Started(settings, vm), stoppingToken);
    }
}
