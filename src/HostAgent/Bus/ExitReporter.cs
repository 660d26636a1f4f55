using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of what ended without having been told to, and of the clones that recovery destroyed.</summary>
internal sealed class ExitReporter(
    AgentSettings settings, VmHost host, StartRecovery recovery, IBus bus, TimeProvider clock, ILogger<ExitReporter> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

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

    /// <summary>Nobody else knows it, so it is said until the bus has it.</summary>
    private async Task TellAsync(RunningVm vm, string reason, CancellationToken cancellation)
    {
        AgentLog.Exited(logger, vm.Name, reason);
        while (!await host.Troubles.TryAsync(vm.Name, () => bus.Publish(Reports.Exited(settings, vm, reason), cancellation)))
            await Task.Delay(RetryInterval, clock, cancellation);
    }
}
