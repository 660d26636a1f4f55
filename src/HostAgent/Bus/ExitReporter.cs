using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.Machines;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Tells of what ended without having been told to, and of what recovery destroyed or found ended.</summary>
internal sealed class ExitReporter(
    AgentSettings settings, VmHost host, StartRecovery recovery, IBus bus, TimeProvider clock, ILogger<ExitReporter> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            foreach (var exit in recovery.Ended)
                await TellAsync(exit, stoppingToken);
            await foreach (var exit in host.ExitsAsync(stoppingToken))
                await TellAsync(exit, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    /// <summary>Nobody else knows it, so it is said until the bus has it, by this agent or by the next.</summary>
    private async Task TellAsync(VmExit exit, CancellationToken cancellation)
    {
        var report = Reports.Exited(settings, exit.Vm, exit.Reason);
        AgentLog.Exited(logger, exit.Vm.Name, exit.Reason);
        while (!await host.Troubles.TryAsync(
            exit.Vm.Name,
            () => bus.Publish(report, Pipe.Execute<PublishContext>(sent => sent.MessageId = exit.MessageId), cancellation),
            cancellation))
            await Task.Delay(RetryInterval, clock, cancellation);
        host.Told(exit);
    }
}
