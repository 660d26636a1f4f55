using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of what ended without having been told to, and of the clones that recovery destroyed.</summary>
internal sealed class ExitReporter(
    AgentSettings settings, VmHost host, StartRecovery recovery, IBus bus, ILogger<ExitReporter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var clone in recovery.Destroyed)
                await TellAsync(clone, "the host agent was restarted", stoppingToken);
            await foreach (var exit in host.ExitsAsync(stoppingToken))
                await TellAsync(exit.Vm, exit.Reason, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    private Task TellAsync(RunningVm vm, string reason, CancellationToken cancellation)
    {
        AgentLog.Exited(logger, vm.Name, reason);
        return host.Troubles.TryAsync($"the end of {vm.Name}", () => bus.Publish(Reports.Exited(settings, vm, reason), cancellation));
    }
}
