using JustRunIt.Events.Matrices;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Store.Hosting;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>The proxies have measured: a result, or the reason why it is none.</summary>
internal sealed class ReplayMeasuredConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<ReplayMeasured>
{
    public Task Consume(ConsumeContext<ReplayMeasured> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Subject,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
