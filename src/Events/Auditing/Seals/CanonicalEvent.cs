using System.Text.Json;

namespace JustRunIt.Events.Auditing.Seals;

/// <summary>
/// The form of an event that is hashed: UTF-8 text of one JSON object, as it was written when the event was appended, and kept as bytes.
/// Nobody has to be able to write the same text again: whoever verifies hashes the bytes, and compares the values in them.
/// </summary>
public sealed class CanonicalEvent
{
    /// <summary>What <c>format</c> says in it.</summary>
    public const string Format = "justrunit-event/1";

    private CanonicalEvent(long sequence, StoredEvent @event) => (Sequence, Event) = (sequence, @event);

    /// <summary>The event's number among all.</summary>
    public long Sequence { get; }

    /// <summary>The event.</summary>
    public StoredEvent Event { get; }

    /// <summary>Reads one; null for bytes that are none.</summary>
    public static CanonicalEvent? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return root.GetProperty("format").GetString() != Format
                ? null
                : new CanonicalEvent(root.GetProperty("sequence").GetInt64(), new StoredEvent(
                    root.GetProperty("id").GetGuid(),
                    root.GetProperty("stream").GetString()!,
                    root.GetProperty("version").GetInt64(),
                    root.GetProperty("type").GetString()!,
                    root.GetProperty("at").GetString()!,
                    root.GetProperty("causation").GetString(),
                    root.GetProperty("correlation").GetString(),
                    root.GetProperty("headers") is { ValueKind: not JsonValueKind.Null } headers ? headers.GetRawText() : null,
                    root.GetProperty("data").GetRawText()));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
