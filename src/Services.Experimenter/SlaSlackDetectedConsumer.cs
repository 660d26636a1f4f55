using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A service has slack: explores how little would do.</summary>
internal sealed class SlaSlackDetectedConsumer(ExplorationProcess explorations, TimeProvider clock) : IConsumer<SlaSlackDetected>
{
    public Task Consume(ConsumeContext<SlaSlackDetected> context) => explorations.StartAsync(
        context.Message.Service,
        context.Message.WindowTo,
        Wire.NameOf(typeof(SlaSlackDetected)),
        MessageCause.Of(context, clock),
        context.CancellationToken);
}
