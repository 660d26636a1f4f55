using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Checker;

/// <summary>A decision used an interpolated cell: schedules its validation.</summary>
internal sealed class InterpolationUsedConsumer(EventStore store, TimeProvider clock) : IConsumer<InterpolationUsed>
{
    public async Task Consume(ConsumeContext<InterpolationUsed> context)
    {
        await using var work = store.Begin(MessageCause.Of(context, clock));
        var stream = Streams.Matrix(context.Message.MatrixId);
        var history = await work.LoadAsync<MatrixState>(stream, context.CancellationToken);
        work.Append(stream, history.Decide(work.Cause, matrix => CheckingDecider.On(matrix, context.Message, work.Cause)));
        await work.CommitAsync(context.CancellationToken);
    }
}
