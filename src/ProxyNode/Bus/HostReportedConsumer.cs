using JustRunIt.Events.Hosts;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A host agent tells what it runs: where a virtual machine went before this node was started, and which clones it has.</summary>
internal sealed class HostReportedConsumer(TierProxies proxies, Sandboxes sandboxes) : IConsumer<HostReported>
{
    public Task Consume(ConsumeContext<HostReported> context)
    {
        sandboxes.Replace(context.Message);
        foreach (var vm in context.Message.Vms.Where(vm => vm.CloneOf is null))
            proxies.Follow(vm.Name, vm.Endpoint, vm.Moves);
        return Task.CompletedTask;
    }
}
