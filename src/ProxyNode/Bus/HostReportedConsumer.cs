using JustRunIt.Events.Hosts;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A host agent tells what it runs: where a virtual machine went before this node was started, and which clones it has.</summary>
internal sealed class HostReportedConsumer(VmPlaces places, Sandboxes sandboxes) : IConsumer<HostReported>
{
    public Task Consume(ConsumeContext<HostReported> context)
    {
        sandboxes.Replace(context.Message);
        places.Report(context.Message);
        return Task.CompletedTask;
    }
}
