using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// What a consumer says bears the correlation of the message that it consumes, and that message's id as its cause; what nobody asked
/// for begins a correlation of its own. For everything that leaves by the bus, in one place.
/// </summary>
internal sealed class CausationFilter() : OutgoingFilter("causation")
{
    protected override void Mark(SendContext context)
    {
        if (context.TryGetPayload<ConsumeContext>(out var consumed))
        {
            var cause = MessageTrace.Of(consumed);
            context.CorrelationId = cause.CorrelationId ?? cause.MessageId ?? context.CorrelationId;
            if (cause.MessageId is { } id)
                context.Headers.Set(MessageHeaders.CausationHeader, id.ToString());
        }

        context.CorrelationId ??= context.MessageId;
    }
}
