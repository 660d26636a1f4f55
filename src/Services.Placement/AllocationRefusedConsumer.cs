using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>An allocation could not be set: the rest of the placement is given up.</summary>
internal sealed class AllocationRefusedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<AllocationRefused>
{
    public Task Consume(ConsumeContext<AllocationRefused> context) => placement.HandleAsync(
        context.Message.Subject,
        MessageCause.Of(context, clock),
        (state, _) => PlacementDecider.On(state, context.Message),
        context.CancellationToken);
}
