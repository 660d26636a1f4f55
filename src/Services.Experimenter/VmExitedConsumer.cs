using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>A clone died: its experiment fails with the reason, and the driver goes on.</summary>
internal sealed class VmExitedConsumer(ExperimentProcess experiments, TimeProvider clock) : IConsumer<VmExited>
{
    public Task Consume(ConsumeContext<VmExited> context)
    {
        // An on-line virtual machine was nobody's clone: no matrix waits for it.
        if (context.Message.Subject is not { } subject)
            return Task.CompletedTask;
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            subject,
            cause,
            (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause),
            context.CancellationToken);
    }
}
