using JustRunIt.Events.Placement;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Placement;

/// <summary>A wait of a data centre is over: a step was not answered, or a deferred matrix has its turn.</summary>
internal sealed class TimerElapsedConsumer(PlacementProcess placement, TimeProvider clock) : IConsumer<TimerElapsed>
{
    public Task Consume(ConsumeContext<TimerElapsed> context)
    {
        var cause = MessageCause.Of(context, clock);
        return context.Message.Kind == TimerKind.PlacementRetry
            ? placement.DecideAsync(context.Message.Subject, cause, context.CancellationToken)
            : placement.HandleAsync(
                context.Message.Stream,
                cause,
                (state, _) => PlacementDecider.OnOverdue(state, context.Message),
                context.CancellationToken);
    }
}
