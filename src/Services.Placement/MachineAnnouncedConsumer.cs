using JustRunIt.Events;
using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A host agent tells of a machine: it joins the inventory.</summary>
internal sealed class MachineAnnouncedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<MachineAnnounced>
{
    public Task Consume(ConsumeContext<MachineAnnounced> context) => placement.HandleAsync(
        Streams.DataCenter(context.Message.DataCenter),
        MessageCause.Of(context, clock),
        (state, _) => InventoryDecider.On(state, context.Message),
        context.CancellationToken);
}
