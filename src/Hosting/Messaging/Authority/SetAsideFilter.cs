using MassTransit;

namespace JustRunIt.Hosting.Messaging.Authority;

/// <summary>Before what moves a message to the error queue, or to that of messages that nobody wanted (<see cref="SetAside"/>).</summary>
/// <param name="user">As whom this process uses the broker.</param>
internal sealed class SetAsideFilter(string user) : IFilter<ExceptionReceiveContext>, IFilter<ReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next) => next.Send(SetAside.Of(user, context));

    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) => next.Send(SetAside.Of(user, context));

    public void Probe(ProbeContext context) => context.CreateFilterScope("set-aside");
}
