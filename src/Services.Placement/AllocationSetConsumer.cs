using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>An on-line virtual machine has its allocation: on to the next step.</summary>
internal sealed class AllocationSetConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<AllocationSet>
{
    public Task Consume(ConsumeContext<AllocationSet> context)
    {
        var cause = MessageCause.Of(context, clock);
        return placement.HandleAsync(
            context.Message.Subject,
            cause,
            (state, dataCenter) => PlacementDecider.On(state, dataCenter, context.Message, cause),
            context.CancellationToken);
    }
}
