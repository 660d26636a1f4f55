using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A clone could not be made: tried again, or given up.</summary>
internal sealed class VmCloneFailedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<VmCloneFailed>
{
    public Task Consume(ConsumeContext<VmCloneFailed> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Subject,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
