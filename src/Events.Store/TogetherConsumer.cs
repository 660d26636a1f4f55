using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Events.Store;

/// <summary>Has a decider answer a message together with those that are there at the same time.</summary>
/// <typeparam name="TDecider">The decider.</typeparam>
/// <typeparam name="TMessage">The message.</typeparam>
internal sealed class TogetherConsumer<TDecider, TMessage>(Intake<TDecider, TMessage> intake, TimeProvider clock) : IConsumer<TMessage>
    where TDecider : IDecider<TMessage>, new()
    where TMessage : class
{
    public async Task Consume(ConsumeContext<TMessage> context)
    {
        // The order in which the broker gave them, which those that are handled at once do not keep by themselves.
        var order = context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) ? delivery.DeliveryTag : 0;
        var decision = await intake.HandleAsync(context.Message, MessageCause.Of(context, clock), order).ConfigureAwait(false);
        foreach (var report in decision.Told)
            await context.Publish(report, report.GetType(), context.CancellationToken).ConfigureAwait(false);
        if (decision.Why == WhyNothing.Refused)
            throw new MalformedMessageException(decision.Detail);
    }
}
