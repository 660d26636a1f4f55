using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A value that a decision used was wrong: decides anew with the measured one.</summary>
internal sealed class MismatchDetectedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<MismatchDetected>
{
    public Task Consume(ConsumeContext<MismatchDetected> context) =>
        placement.DecideAsync(context.Message.MatrixId, MessageCause.Of(context, clock), context.CancellationToken);
}
