using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace JustRunIt.Events.Messaging;

/// <summary>Names and JSON of messages on the wire.</summary>
public static class Wire
{
    /// <summary>
    /// The largest whole number that every reader of JSON reads as it was written, 2^53 − 1 (RFC 8259 §6). Counts are bounded by it;
    /// what may exceed it, such as a seed, is a string.
    /// </summary>
    public const long MostWhole = 9_007_199_254_740_991;

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

    /// <summary>What is wrong with a count, naming field, value and what is allowed; null when nothing is.</summary>
    /// <param name="field">Its name in the message.</param>
    /// <param name="count">The count; null where it was not told.</param>
    internal static string? CountProblem(string field, long? count) => count switch
    {
        < 0 => $"{field}: {count} must be zero or more",
        > MostWhole => $"{field}: {count} must be at most {MostWhole}",
        _ => null,
    };

    /// <summary>The message type of a versioned name; null for a name that this program does not know.</summary>
    public static Type? TypeOf(string name) => TypesByName.GetValueOrDefault(name);
}
