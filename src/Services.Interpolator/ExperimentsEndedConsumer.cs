using JustRunIt.Events;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Matrices.Interpolation;
using JustRunIt.Events.Store;
using JustRunIt.Hosting.Messaging;
using MassTransit;

namespace JustRunIt.Services.Interpolator;

/// <summary>The experiments with a matrix have ended: fills its blank cells.</summary>
internal sealed class ExperimentsEndedConsumer(EventStore store, IInterpolationMethod method, TimeProvider clock) : IConsumer<ExperimentsEnded>
{
    public async Task Consume(ConsumeContext<ExperimentsEnded> context)
    {
        await using var work = store.Begin(MessageCause.Of(context, clock));
        var stream = Streams.Matrix(context.Message.MatrixId);
        var history = await work.LoadAsync<MatrixState>(stream, context.CancellationToken);
        work.Append(stream, history.Decide(work.Cause, matrix => FillingDecider.On(matrix, context.Message, method)));
        await work.CommitAsync(context.CancellationToken);
    }
}
