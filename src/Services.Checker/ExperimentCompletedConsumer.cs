using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Checker;

/// <summary>A cell was measured: where that was a validation, compares it with the interpolated value.</summary>
internal sealed class ExperimentCompletedConsumer(EventStore store, TimeProvider clock) : IConsumer<ExperimentCompleted>
{
    public async Task Consume(ConsumeContext<ExperimentCompleted> context)
    {
        await using var work = store.Begin(MessageCause.Of(context, clock));
        var stream = Streams.Matrix(context.Message.MatrixId);
        var history = await work.LoadAsync<MatrixState>(stream, context.CancellationToken);
        work.Append(stream, history.Decide(work.Cause, matrix => CheckingDecider.On(matrix, context.Message)));
        await work.CommitAsync(context.CancellationToken);
    }
}
