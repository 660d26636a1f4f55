using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A clone is ready: its first experiment starts.</summary>
internal sealed class VmClonedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<VmCloned>
{
    public Task Consume(ConsumeContext<VmCloned> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Subject,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
