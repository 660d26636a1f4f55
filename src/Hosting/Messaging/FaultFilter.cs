using System.Text.Json;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Gives a message on its way to the error queue the reason that names the field, and says so in one line. For a message that is
/// not readable, the JSON path is in an outer exception, and MassTransit would keep the innermost one's text.
/// </summary>
internal sealed partial class FaultFilter(Type message, ILogger<FaultFilter> logger) : IFilter<ExceptionReceiveContext>
{
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        var reason = context.Exception;
        for (var e = context.Exception; e is not null; e = e.InnerException)
        {
            if (e is JsonException)
            {
                context.ExceptionHeaders.Set(MassTransit.MessageHeaders.FaultMessage, e.Message);
                reason = e;
                break;
            }
        }

        if (MessageHeaders.RedeliveriesOf(context) is var redeliveries and > 0)
        {
            context.ExceptionHeaders.Set(
                MassTransit.MessageHeaders.FaultMessage, $"given up after {redeliveries} redeliveries: {OneLine.Of(reason!)}");
        }

        using var pushed = MessageTrace.Of(context, null).PushTo(message);
        // What a writer did wrong needs no stack trace of ours.
        var isWritersFault = reason is JsonException or MalformedMessageException;
        var (words, details) = isWritersFault ? (OneLine.Of(reason!.Message), null) : (OneLine.Of(reason!), context.Exception);
        Log.Failed(logger, Wire.NameOf(message), words, details);
        await next.Send(context).ConfigureAwait(false);
        context.GetOrAddPayload(() => new MovedAway());
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("fault");

    private static partial class Log
    {
        [LoggerMessage(EventId = 1014, Level = LogLevel.Error, Message = "{Name} cannot be handled and goes to the error queue: {Reason}")]
        public static partial void Failed(ILogger logger, string name, string reason, Exception? exception);
    }
}
