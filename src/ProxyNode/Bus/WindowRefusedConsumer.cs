using JustRunIt.Events.Sla;
using MassTransit;

namespace JustRunIt.ProxyNode.Bus;

/// <summary>The Monitor does not count what this node reported.</summary>
internal sealed class WindowRefusedConsumer(RefusalLog log) : IConsumer<WindowRefused>
{
    public Task Consume(ConsumeContext<WindowRefused> context)
    {
        log.Refused(context.Message);
        return Task.CompletedTask;
    }
}
