using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Hypervisors;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of what ended without having been told to, and of the clones that recovery destroyed.</summary>
internal sealed class ExitReporter(
    AgentSettings settings, IHypervisor hypervisor, Recovery recovery, IBus bus, ILogger<ExitReporter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var clone in recovery.Destroyed)
            {
                AgentLog.Destroyed(logger, clone.Name, "the host agent was restarted");
                await bus.Publish(Reports.Exited(settings, clone, "the host agent was restarted"), stoppingToken);
            }

            await foreach (var exit in hypervisor.ExitsAsync(stoppingToken))
            {
                AgentLog.Exited(logger, exit.Vm.Name, exit.Reason);
                await bus.Publish(Reports.Exited(settings, exit.Vm, exit.Reason), stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }
}
