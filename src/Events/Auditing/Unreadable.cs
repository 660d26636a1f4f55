using System.Globalization;
using System.Text.Json;
using JustRunIt.Events.Deciding;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Upcasting;

namespace JustRunIt.Events.Auditing;

/// <summary>Reads what is stored; whatever is wrong with it is one kind of error.</summary>
public static class Unreadable
{
    /// <summary>Whether an exception says that a text is not one of the type that was expected of it.</summary>
    public static bool Is(Exception e) =>
        e is JsonException or UnknownEventException or ArgumentException or FormatException or NullReferenceException
            or KeyNotFoundException or ArithmeticException or IndexOutOfRangeException or InvalidCastException or NotSupportedException
            or InvalidOperationException and not ObjectDisposedException;

    /// <summary>An event.</summary>
    /// <exception cref="UnreadableException">It is none that this program knows.</exception>
    internal static IDomainEvent Read(PastEvent e)
    {
        try
        {
            return e.Read();
        }
        catch (Exception x) when (Is(x))
        {
            throw new UnreadableException(string.Create(
                CultureInfo.InvariantCulture, $"event {e.Version} of {e.Stream} ({e.WireName}) cannot be read: {x.Message}"));
        }
    }

    /// <summary>The record of a decision.</summary>
    /// <exception cref="UnreadableException">It is none.</exception>
    internal static DecisionRecord ReadRecord(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<DecisionRecord>(json, Wire.Json) ?? throw new JsonException("null is no record");
        }
        catch (Exception x) when (Is(x))
        {
            throw new UnreadableException($"its record cannot be read: {x.Message}");
        }
    }

    /// <summary>The message that was answered; null where this program reads none of that name.</summary>
    /// <exception cref="UnreadableException">It is none of that name.</exception>
    internal static object? ReadMessage(RecordedMessage message)
    {
        try
        {
            if (StoredEvents.IsOld(message.Type))
                return StoredEvents.Read(message.Type, message.Body.ToJsonString());
            return Wire.TypeOf(message.Type) is { } type
                ? message.Body.Deserialize(type, Wire.Json) ?? throw new JsonException("null is no message")
                : null;
        }
        catch (Exception x) when (Is(x))
        {
            throw new UnreadableException($"the message {message.Type} of its record cannot be read: {x.Message}");
        }
    }
}
