using JustRunIt.Events.Hosts;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Proxies;
using JustRunIt.Events.Store.Power;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Experimenter;

/// <summary>The proxies have measured: a result, or the reason why it is none, with the power that was drawn meanwhile.</summary>
internal sealed class ReplayMeasuredConsumer(ExperimentProcess experiments, PowerReadings readings, TimeProvider clock) : IConsumer<ReplayMeasured>
{
    public Task Consume(ConsumeContext<ReplayMeasured> context)
    {
        var cause = MessageCause.Of(context, clock);
        return experiments.HandleAsync(
            context.Message.Subject,
            cause,
            async (matrix, sandbox) => ExperimentDecider.On(matrix, sandbox, context.Message, cause, await PowerAsync(matrix, context)),
            context.CancellationToken);
    }

    private async Task<ExperimentPower?> PowerAsync(MatrixState matrix, ConsumeContext<ReplayMeasured> context)
    {
        var measured = context.Message;
        if (matrix.Running is not { } running)
            return null;
        var shift = running.Durations.TimeShift;
        return new ExperimentPower(
            await MeanAsync(matrix.Settings.Vm, measured.From, measured.To),
            await MeanAsync(running.CloneName, measured.From + shift, measured.To + shift));

        Task<PowerDrawn?> MeanAsync(string vm, DateTimeOffset from, DateTimeOffset to) =>
            readings.MeanAsync(matrix.Settings.DataCenter, vm, from, to, context.CancellationToken);
    }
}
