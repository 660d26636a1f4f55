using JustRunIt.Events.Hosts;
using JustRunIt.ProxyNode.Configuration;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>At the start: asks where the virtual machines are that the configuration says where they were.</summary>
internal sealed class VmLocationQuery(NodeSettings settings, IBus bus) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Relays.Any(relay => relay.Vm is not null))
            await bus.Publish(new HostsAsked(Guid.NewGuid()), stoppingToken);
    }
}
