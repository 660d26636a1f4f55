using JustRunIt.Events.Matrices;
using JustRunIt.Events.Timers;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A wait of a matrix is over.</summary>
internal sealed class TimerElapsedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<TimerElapsed>
{
    public Task Consume(ConsumeContext<TimerElapsed> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Stream,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
