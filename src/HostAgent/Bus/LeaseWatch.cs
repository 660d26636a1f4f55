using JustRunIt.HostAgent.Machines;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Destroys clones whose lease has ended, whoever died meanwhile (DESIGN §3).</summary>
internal sealed class LeaseWatch(VmHost host, TimeProvider clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var clone in host.List().Where(vm => vm.Origin?.Command.LeaseUntil <= clock.GetUtcNow()))
                    await host.Troubles.TryAsync($"{clone.Name}, whose lease has ended", () => host.StopAsync(clone.Name, stoppingToken));
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops; its next start destroys every clone.
        }
    }
}
