using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A virtual machine could not move: the rest of the placement is given up.</summary>
internal sealed class VmMigrationFailedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<VmMigrationFailed>
{
    public Task Consume(ConsumeContext<VmMigrationFailed> context) => placement.HandleAsync(
        context.Message.Subject,
        MessageCause.Of(context, clock),
        (state, _) => PlacementDecider.On(state, context.Message),
        context.CancellationToken);
}
