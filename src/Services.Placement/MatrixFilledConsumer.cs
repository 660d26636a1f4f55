using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A matrix is filled: decides the allocation and the placement.</summary>
internal sealed class MatrixFilledConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<MatrixFilled>
{
    public Task Consume(ConsumeContext<MatrixFilled> context) =>
        placement.DecideAsync(context.Message.MatrixId, MessageCause.Of(context, clock), context.CancellationToken);
}
