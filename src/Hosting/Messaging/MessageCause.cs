using JustRunIt.Events.Messaging;
using MassTransit;

namespace JustRunIt.Hosting.Messaging;

/// <summary>The cause that a message is to everything that follows from it.</summary>
public static class MessageCause
{
    /// <summary>
    /// Reads id and correlation from the message, and the clock once. A message without correlation begins one: its own id.
    /// </summary>
    /// <exception cref="MalformedMessageException">The message bears no id, so that a duplicate could not be told from it.</exception>
    public static Cause Of(ConsumeContext context, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(clock);
        var trace = MessageTrace.Of(context);
        var id = trace.MessageId
            ?? throw new MalformedMessageException("message-id: missing; every message must bear a UUID as its message id");
        return new Cause(id, trace.CorrelationId ?? id, clock.GetUtcNow());
    }
}
