using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Hypervisors;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Stops everything that runs when the agent is told to end, where the configuration asks for it, and leaves no control group.
/// </summary>
internal sealed class OrderlyEnd(IHypervisor hypervisor, IControlGroups groups, AgentSettings settings) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(hypervisor.List().Select(vm => hypervisor.StopAsync(vm.Name, cancellationToken)));
        // They are named after the state folder: no other agent would use them, or remove them.
        foreach (var machine in settings.Machines)
            groups.Remove(GroupPath.Of(machine.Name));
        groups.Remove(GroupPath.Root);
    }
}
