using JustRunIt.HostAgent.Configuration;
using JustRunIt.HostAgent.ControlGroups;
using JustRunIt.HostAgent.Machines;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.HostAgent.Bus;

/// <summary>
/// Stops everything that runs when the agent is told to end, where the configuration asks for it, and leaves no control group.
/// </summary>
internal sealed class OrderlyEnd(VmHost host, StartRecovery recovery, IControlGroups groups, AgentSettings settings) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // An agent that never came to know what runs stops none of it.
        if (!recovery.IsDone)
            return;
        await Task.WhenAll(host.List().Select(
            vm => host.Troubles.TryAsync(vm.Name, () => host.StopAsync(vm.Name, cancellationToken), cancellationToken)));
        // They are named after the state folder: no other agent would use them, or remove them.
        foreach (var machine in settings.Machines)
            host.Troubles.Try($"machine {machine.Name}", () => groups.Remove(GroupPath.Of(machine.Name)));
        host.Troubles.Try($"agent {settings.Agent}", () => groups.Remove(GroupPath.Root));
    }
}
