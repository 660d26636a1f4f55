using JustRunIt.HostAgent.Hypervisors;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Stops everything that runs when the agent is told to end, where the configuration asks for it.</summary>
internal sealed class OrderlyEnd(IHypervisor hypervisor) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(hypervisor.List().Select(vm => hypervisor.StopAsync(vm.Name, cancellationToken)));
}
