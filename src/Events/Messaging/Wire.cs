using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace JustRunIt.Events.Messaging;

/// <summary>Names and JSON of messages on the wire.</summary>
public static class Wire
{
    private static readonly FrozenDictionary<string, Type> TypesByName = typeof(Wire).Assembly.GetTypes()
        .Select(type => (type, name: type.GetCustomAttribute<WireNameAttribute>()?.Name))
        .Where(entry => entry.name is not null)
        .ToFrozenDictionary(entry => entry.name!, entry => entry.type);

    private static readonly FrozenDictionary<Type, string> NamesByType =
        TypesByName.ToFrozenDictionary(entry => entry.Value, entry => entry.Key);

    /// <summary>JSON of every message: camel case, numbers in the unit that the type states, nothing left out.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Every message type with a wire name.</summary>
    public static IEnumerable<Type> Types => NamesByType.Keys;

    /// <summary>The versioned name of a message type.</summary>
    /// <exception cref="ArgumentException">The type has no <see cref="WireNameAttribute"/>.</exception>
    public static string NameOf(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return NamesByType.TryGetValue(type, out var name)
            ? name
            : throw new ArgumentException($"{type.Name} has no wire name.", nameof(type));
    }

    /// <summary>The message type of a versioned name; null for a name that this program does not know.</summary>
    public static Type? TypeOf(string name) => TypesByName.GetValueOrDefault(name);
}
