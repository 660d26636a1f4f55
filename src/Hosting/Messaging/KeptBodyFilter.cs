using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>First on the way to the error queue: what follows sees, and keeps, a message without its secrets.</summary>
internal sealed class KeptBodyFilter(Type message) : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) => next.Send(KeptBody.Of(message, context));

    public void Probe(ProbeContext context) => context.CreateFilterScope("kept");
}
