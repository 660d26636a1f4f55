using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A clone has its allocation: the replay may begin.</summary>
internal sealed class AllocationSetConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<AllocationSet>
{
    public Task Consume(ConsumeContext<AllocationSet> context) => experiments.HandleAsync(
        context.Message.Subject,
        MessageCause.Of(context, clock),
        (matrix, _) => ExperimentDecider.On(matrix, context.Message),
        context.CancellationToken);
}
