using JustRunIt.Events.Hosts;
using JustRunIt.Events.Naming;
using JustRunIt.Hosting;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A virtual machine has moved: the proxies before it follow, if whoever says so is believed.</summary>
internal sealed class VmMigratedConsumer(VmPlaces places) : IConsumer<VmMigrated>
{
    public Task Consume(ConsumeContext<VmMigrated> context)
    {
        if (context.Message.Endpoint is { } endpoint && !Endpoint.TryParse(endpoint, EndpointKinds.HostName, out _))
        {
            throw new MalformedMessageException(
                $"endpoint: '{Name.Shown(endpoint)}'; allowed is {Endpoint.Allowed(EndpointKinds.HostName)}");
        }

        places.Move(context.Message);
        return Task.CompletedTask;
    }
}
