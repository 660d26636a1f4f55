using JustRunIt.Events.Deciding;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Events.Store;

/// <summary>Has a decider answer a message.</summary>
/// <typeparam name="TDecider">The decider.</typeparam>
/// <typeparam name="TMessage">The message.</typeparam>
internal sealed class DeciderConsumer<TDecider, TMessage>(DecisionRunner runner, TimeProvider clock) : IConsumer<TMessage>
    where TDecider : IDecider<TMessage>, new()
    where TMessage : class
{
    private static readonly TDecider Decider = new();

    public Task Consume(ConsumeContext<TMessage> context) => runner.HandleAsync(
        Decider,
        context.Message,
        MessageCause.Of(context, clock),
        context.CancellationToken,
        report => context.Publish(report, report.GetType(), context.CancellationToken));
}
