using JustRunIt.Events.Hosts;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>A clone was made: traffic may be replayed to it.</summary>
internal sealed class VmClonedConsumer(Sandboxes sandboxes) : IConsumer<VmCloned>
{
    public Task Consume(ConsumeContext<VmCloned> context)
    {
        sandboxes.Announce(context.Message);
        return Task.CompletedTask;
    }
}
