using System.Globalization;
using MassTransit;
using RabbitMQ.Client;

namespace JustRunIt.Hosting.Messaging;

/// <summary>What travels beside a message.</summary>
/// <param name="Id">The message's id: an event's own id, so that redelivery is recognized.</param>
/// <param name="CorrelationId">Ties everything that one trigger led to.</param>
/// <param name="At">When it was appended (UTC).</param>
/// <param name="Stream">The stream it comes from; null for timers.</param>
/// <param name="StreamVersion">Its version on that stream.</param>
/// <param name="CausationId">The message or event that it follows from; null where that is not known.</param>
public readonly record struct MessageHeaders(
    Guid Id, Guid CorrelationId, DateTimeOffset At, string? Stream, long StreamVersion, Guid? CausationId = null)
{
    /// <summary>Header of the stream's name.</summary>
    public const string StreamHeader = "justrunit-stream";

    /// <summary>Header of the event's version on its stream.</summary>
    public const string VersionHeader = "justrunit-stream-version";

    /// <summary>Header of the id of the message or event that a message follows from.</summary>
    public const string CausationHeader = "justrunit-causation";

    /// <summary>
    /// Header of the user who sent a message that was set aside, is handed back, or is delivered again after an outage: then it is
    /// another who puts it on a queue.
    /// </summary>
    public const string UserHeader = "justrunit-user";

    /// <summary>Header of the correlation, for writers that cannot set the AMQP property <c>correlation_id</c>.</summary>
    public const string CorrelationHeader = "justrunit-correlation";

    /// <summary>Header of how often a message was delivered again after an outage.</summary>
    public const string RedeliveryHeader = "justrunit-redelivery";

    /// <summary>
    /// The properties of a message that its reader puts back on a queue of its own. The broker lets nobody send under another's name; who
    /// sent it first is in a header, in which a reader believes itself alone.
    /// </summary>
    internal static BasicProperties PutBackBy(string user, IReadOnlyBasicProperties properties)
    {
        var copy = WithSenderInHeader(user, properties);
        copy.UserId = user;
        foreach (var name in copy.Headers!.Keys.Where(name => name.StartsWith("x-", StringComparison.Ordinal)).ToArray())
            copy.Headers.Remove(name);
        return copy;
    }

    /// <summary>
    /// The properties of a message that its reader puts on a queue of those that cannot be handled: in nobody's name, with its sender's
    /// in a header, for whoever hands it back.
    /// </summary>
    internal static BasicProperties SetAsideBy(string user, IReadOnlyBasicProperties properties)
    {
        var copy = WithSenderInHeader(user, properties);
        if (properties.UserId == user && properties.Headers?.ContainsKey(UserHeader) != true)
            copy.Headers![UserHeader] = user;
        copy.ClearUserId();
        return copy;
    }

    /// <summary>The header is the reader's own where the reader wrote it, and else says what the broker has checked.</summary>
    private static BasicProperties WithSenderInHeader(string user, IReadOnlyBasicProperties properties)
    {
        var headers = properties.Headers is { } given ? new Dictionary<string, object?>(given) : [];
        if (properties.UserId != user)
        {
            headers.Remove(UserHeader);
            if (properties.UserId is { Length: > 0 } sender)
                headers[UserHeader] = sender;
        }

        return new BasicProperties(properties) { Headers = headers };
    }

    /// <summary>How often a message was delivered again; what is no number counts as never.</summary>
    internal static int RedeliveriesOf(ReceiveContext context) =>
        context.TransportHeaders.TryGetHeader(RedeliveryHeader, out var value)
        && int.TryParse(Convert.ToString(value, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out var times)
            ? Math.Max(0, times)
            : 0;
}
