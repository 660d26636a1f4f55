using JustRunIt.Events.Messaging;
using JustRunIt.Events.Sla;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>An agreement is broken: explores what the service would need.</summary>
internal sealed class SlaViolatedConsumer(ExplorationProcess explorations, TimeProvider clock) : IConsumer<SlaViolated>
{
    public Task Consume(ConsumeContext<SlaViolated> context) => explorations.StartAsync(
        context.Message.Service,
        context.Message.WindowTo,
        Wire.NameOf(typeof(SlaViolated)),
        MessageCause.Of(context, clock),
        context.CancellationToken);
}
