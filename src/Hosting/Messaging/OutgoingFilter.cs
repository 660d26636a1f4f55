using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>Marks whatever leaves by the bus, sent or published, in one place.</summary>
/// <param name="scope">Its name in a probe.</param>
internal abstract class OutgoingFilter(string scope) : IFilter<SendContext>, IFilter<PublishContext>
{
    public Task Send(SendContext context, IPipe<SendContext> next)
    {
        Mark(context);
        return next.Send(context);
    }

    public Task Send(PublishContext context, IPipe<PublishContext> next)
    {
        Mark(context);
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope(scope);

    /// <summary>Marks one.</summary>
    protected abstract void Mark(SendContext context);
}
