using System.Text.Json.Serialization;

namespace JustRunIt.Events.Messaging;

/// <summary>Writes and reads an enumeration by its names, as the schemas say; a number is refused, also one that has a name.</summary>
/// <typeparam name="T">The enumeration.</typeparam>
public sealed class NamedEnumConverter<T>() : JsonStringEnumConverter<T>(null, allowIntegerValues: false)
    where T : struct, Enum;
