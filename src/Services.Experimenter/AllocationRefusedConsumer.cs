using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A clone cannot have its allocation: the cell fails, the driver goes on.</summary>
internal sealed class AllocationRefusedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<AllocationRefused>
{
    public Task Consume(ConsumeContext<AllocationRefused> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Subject,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
