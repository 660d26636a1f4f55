using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of what ended without having been told to, and of the clones that recovery destroyed.</summary>
internal sealed class ExitReporter(AgentSettings settings, VmHost host, StartRecovery recovery, IBus bus) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var clone in recovery.Destroyed)
                await bus.Publish(Reports.Exited(settings, clone, "the host agent was restarted"), stoppingToken);
            await foreach (var exit in host.ExitsAsync(stoppingToken))
                await bus.Publish(Reports.Exited(settings, exit.Vm, exit.Reason), stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }
}
