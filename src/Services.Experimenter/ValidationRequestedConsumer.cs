using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>The checker wants a cell measured: gets the sandbox, or waits for it.</summary>
internal sealed class ValidationRequestedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<ValidationRequested>
{
    public Task Consume(ConsumeContext<ValidationRequested> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            Streams.Matrix(context.Message.MatrixId),
            cause,
            (matrix, sandbox) => ExperimentDecider.AcquireClone(matrix, sandbox, cause),
            context.CancellationToken);
    }
}
