using JustRunIt.HostAgent.Hypervisors;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Before the first command: takes up what runs, and destroys the clones that an earlier agent left.</summary>
internal sealed class Recovery(IHypervisor hypervisor) : IHostedService
{
    /// <summary>The clones that were destroyed; to be reported once the bus is there.</summary>
    public IReadOnlyList<RunningVm> Destroyed { get; private set; } = [];

    public async Task StartAsync(CancellationToken cancellationToken) => Destroyed = await hypervisor.RecoverAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
