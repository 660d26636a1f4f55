using System.Text.Json;
using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Gives a message on its way to the error queue the reason that names the field: for a message that is not readable, the
/// JSON path is in an outer exception, and MassTransit would keep the innermost one's text.
/// </summary>
internal sealed class ReasonFilter : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        for (var e = context.Exception; e is not null; e = e.InnerException)
        {
            if (e is JsonException)
            {
                context.ExceptionHeaders.Set(MassTransit.MessageHeaders.FaultMessage, e.Message);
                break;
            }
        }

        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("reason");
}
