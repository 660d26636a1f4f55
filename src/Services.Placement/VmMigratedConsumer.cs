using JustRunIt.Events.Hosts;
using JustRunIt.Events.Placement;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A virtual machine has moved: on to the next step.</summary>
internal sealed class VmMigratedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<VmMigrated>
{
    public Task Consume(ConsumeContext<VmMigrated> context)
    {
        var cause = MessageCause.Of(context, clock);
        return placement.HandleAsync(
            context.Message.Subject,
            cause,
            (state, dataCenter) => PlacementDecider.On(state, dataCenter, context.Message, cause),
            context.CancellationToken);
    }
}
