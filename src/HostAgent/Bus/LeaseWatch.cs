using JustRunIt.HostAgent.Machines;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys clones whose lease has ended, whoever died meanwhile (DESIGN §3).</summary>
internal sealed class LeaseWatch(VmHost host, TimeProvider clock, ILogger<LeaseWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var clone in host.List().Where(vm => vm.Origin?.Command.LeaseUntil <= clock.GetUtcNow()))
                {
                    var isEnded = false;
                    if (await host.Troubles.TryAsync(
                            clone.Name, async () => isEnded = await host.EndLeaseAsync(clone, stoppingToken), stoppingToken)
                        && isEnded)
                        AgentLog.Destroyed(logger, clone.Name, "its lease has ended");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops; its next start destroys every clone.
        }
    }
}
