using System.Text;
using JustRunIt.Events.Messaging;
using JustRunIt.Hosting.Logging;
using MassTransit;
using Serilog.Core;
using Serilog.Events;

namespace JustRunIt.Hosting.Messaging;

/// <summary>
/// Where a message comes from: its id, the correlation that it belongs to, what it follows from, and its place on a stream. Read
/// from the AMQP properties and headers, which a writer in any language can set.
/// </summary>
/// <param name="MessageId">The message's id; null when it bears none.</param>
/// <param name="CorrelationId">
/// Property <c>correlation_id</c>, else header <c>justrunit-correlation</c>; null when it bears neither.
/// </param>
/// <param name="CausationId">Header <c>justrunit-causation</c>: the message or event that it follows from.</param>
/// <param name="Stream">Header <c>justrunit-stream</c>.</param>
/// <param name="StreamVersion">Header <c>justrunit-stream-version</c>.</param>
/// <param name="Malformed">What was no UUID and is ignored, in words; null when nothing was.</param>
public sealed record MessageTrace(
    Guid? MessageId, Guid? CorrelationId, Guid? CausationId, string? Stream, long? StreamVersion, string? Malformed)
{
    /// <summary>Reads it from a message that is consumed.</summary>
    public static MessageTrace Of(ConsumeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Of(context.ReceiveContext, context.MessageId);
    }

    /// <summary>That of a message that is sent.</summary>
    public static MessageTrace Of(in MessageHeaders headers) =>
        new(headers.Id, headers.CorrelationId, headers.CausationId, headers.Stream, headers.StreamVersion, null);

    /// <summary>Reads it from a message that may not be readable.</summary>
    /// <param name="context">The delivery.</param>
    /// <param name="id">Its id, where it is known already.</param>
    internal static MessageTrace Of(ReceiveContext context, Guid? id)
    {
        var properties = context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) ? delivery.Properties : null;
        var malformed = new List<string>();
        return new MessageTrace(
            id ?? Read("message_id", properties?.MessageId),
            Read("correlation_id", properties?.CorrelationId)
                ?? Read(MessageHeaders.CorrelationHeader, Text(context, MessageHeaders.CorrelationHeader)),
            Read(MessageHeaders.CausationHeader, Text(context, MessageHeaders.CausationHeader)),
            Text(context, MessageHeaders.StreamHeader),
            long.TryParse(Text(context, MessageHeaders.VersionHeader), out var version) ? version : null,
            malformed.Count == 0 ? null : string.Join("; ", malformed));

        Guid? Read(string name, string? text)
        {
            if (string.IsNullOrEmpty(text))
                return null;
            if (Guid.TryParse(text, out var value) && value != Guid.Empty)
                return value;
            malformed.Add($"{name}: '{OneLine.Of(text.Length > 100 ? text[..100] : text)}' is ignored; allowed is a UUID");
            return null;
        }
    }

    /// <summary>A header as text; null when there is none.</summary>
    internal static string? Text(ReceiveContext context, string header) => context.TransportHeaders.TryGetHeader(header, out var value)
        ? value switch { string text => text, byte[] bytes => Encoding.UTF8.GetString(bytes), _ => value?.ToString() }
        : null;

    /// <summary>Puts it on every log line until the result is disposed.</summary>
    /// <param name="message">The message's type.</param>
    public IDisposable PushTo(Type message) => Serilog.Context.LogContext.Push(new Enricher(this, message));

    private sealed class Enricher(MessageTrace trace, Type message) : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
        {
            Add(LogProperties.Message, Wire.NameOf(message));
            Add(LogProperties.MessageId, trace.MessageId);
            Add(LogProperties.CorrelationId, trace.CorrelationId ?? trace.MessageId);
            Add(LogProperties.CausationId, trace.CausationId);
            Add(LogProperties.Stream, trace.Stream);
            Add(LogProperties.StreamVersion, trace.StreamVersion);

            void Add(string name, object? value)
            {
                if (value is not null)
                    logEvent.AddPropertyIfAbsent(new LogEventProperty(name, new ScalarValue(value)));
            }
        }
    }
}
