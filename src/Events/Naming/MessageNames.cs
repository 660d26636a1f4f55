using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace JustRunIt.Events.Naming;

/// <summary>The names in a message (<see cref="NamedAttribute"/>), also of the records inside it.</summary>
public static class MessageNames
{
    private static readonly ConcurrentDictionary<Type, Field[]> FieldsByType = new();

    /// <summary>The first name of a message that breaks the grammar: field, value, what is allowed; null when none does.</summary>
    public static string? Problem(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Problem(message, "");
    }

    private static string? Problem(object message, string path)
    {
        foreach (var field in FieldsByType.GetOrAdd(message.GetType(), Read))
        {
            var place = path + field.JsonName;
            switch (field.Property.GetValue(message))
            {
                case null:
                    break;
                case string text when field.IsNamed && Name.Problem(place, text) is { } problem:
                    return problem;
                case string:
                    break;
                case IEnumerable items when Problem(items, field, place) is { } ofItem:
                    return ofItem;
                case IEnumerable:
                    break;
                case var record when Problem(record, $"{place}.") is { } ofRecord:
                    return ofRecord;
            }
        }

        return null;
    }

    private static string? Problem(IEnumerable items, Field field, string place)
    {
        var index = 0;
        foreach (var item in items)
        {
            var problem = field.IsNamed
                ? Name.Problem($"{place}[{index}]", item as string)
                : item is null ? null : Problem(item, $"{place}[{index}].");
            if (problem is not null)
                return problem;
            index++;
        }

        return null;
    }

    /// <summary>The fields of a record that are names, or may have names inside.</summary>
    private static Field[] Read(Type type)
    {
        if (type.Assembly != typeof(MessageNames).Assembly)
            return [];
        var parameters = type.GetConstructors()
            .SelectMany(constructor => constructor.GetParameters())
            .Where(parameter => parameter.IsDefined(typeof(NamedAttribute)) || HasRecords(parameter.ParameterType));
        return
        [
            .. from parameter in parameters
               let property = type.GetProperty(parameter.Name!)
               where property is not null
               select new Field(
                   property, JsonNamingPolicy.CamelCase.ConvertName(property.Name), parameter.IsDefined(typeof(NamedAttribute))),
        ];
    }

    private static bool HasRecords(Type type)
    {
        var item = type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? type.GetGenericArguments()[^1] : type;
        return item.IsClass && item.Assembly == typeof(MessageNames).Assembly;
    }

    private sealed record Field(PropertyInfo Property, string JsonName, bool IsNamed);
}
