using MassTransit;
using MassTransit.Transports;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Where the library would put a message that no consumer has taken into a queue of its own kind: one that is in the error queue
/// already, or waits, is in no second one; any other goes to the error queue too, with the reason.
/// </summary>
internal sealed class UnreadFilter(Type message) : IFilter<ReceiveContext>
{
    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
    {
        if (context.TryGetPayload<MovedAway>(out _))
            return Task.CompletedTask;
        var reason = new MalformedMessageException($"nobody here takes it; allowed is {JustRunIt.Events.Messaging.Wire.NameOf(message)}");
        return context.TryGetPayload<IErrorTransport>(out var errors)
            ? errors.Send(KeptBody.Of(message, context, reason))
            : throw reason;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("unread");
}
