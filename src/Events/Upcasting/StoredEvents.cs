using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using JustRunIt.Events.Messaging;

namespace JustRunIt.Events.Upcasting;

/// <summary>
/// Reads events as they were stored, whatever version of the program wrote them: every version that was ever released stays
/// readable. An older version of an event is read as the present one.
/// </summary>
public static class StoredEvents
{
    private static readonly JsonNodeOptions AnyCase = new() { PropertyNameCaseInsensitive = true };

    private static readonly FrozenDictionary<string, Func<OldEvent, IDomainEvent>> ByName =
        ServiceUpcasts.All.Concat(ExplorationUpcasts.All).Concat(MatrixUpcasts.All).Concat(DataCenterUpcasts.All)
            .ToFrozenDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    /// <summary>Wire names of events that are read as newer ones.</summary>
    public static IEnumerable<string> OldNames => ByName.Keys;

    /// <summary>Whether an event of this wire name can be read.</summary>
    public static bool IsKnown(string wireName) => ByName.ContainsKey(wireName) || Wire.TypeOf(wireName) is not null;

    /// <summary>Whether an event of this wire name is read as a newer one.</summary>
    public static bool IsOld(string wireName) => ByName.ContainsKey(wireName);

    /// <summary>Reads an event.</summary>
    /// <param name="wireName">As it was stored.</param>
    /// <param name="json">Its body.</param>
    /// <exception cref="UnknownEventException">No version of this program that wrote it is known.</exception>
    /// <exception cref="JsonException">The body is not one of such an event.</exception>
    public static IDomainEvent Read(string wireName, string json)
    {
        ArgumentNullException.ThrowIfNull(wireName);
        ArgumentNullException.ThrowIfNull(json);
        if (ByName.TryGetValue(wireName, out var upcast))
        {
            return upcast(new OldEvent(
                JsonNode.Parse(json, AnyCase) as JsonObject ?? throw new JsonException("what is no object is no event")));
        }

        return Wire.TypeOf(wireName) is { } type && type.IsAssignableTo(typeof(IDomainEvent))
            ? (IDomainEvent)(JsonSerializer.Deserialize(json, type, Wire.Json) ?? throw new JsonException("null is no event"))
            : throw new UnknownEventException(wireName);
    }
}
