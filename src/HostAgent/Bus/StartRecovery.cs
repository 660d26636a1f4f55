using JustRunIt.HostAgent.Machines;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>Before the first command: takes up what runs, and destroys the clones that an earlier agent left.</summary>
internal sealed class StartRecovery(VmHost host) : IHostedService
{
    /// <summary>The clones that were destroyed, and what had ended; to be reported once the bus is there.</summary>
    public IReadOnlyList<VmExit> Ended { get; private set; } = [];

    /// <summary>Whether what runs is known.</summary>
    public bool IsDone { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Ended = await host.RecoverAsync(cancellationToken);
        IsDone = true;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
