using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using JustRunIt.Events.Matrices;
using JustRunIt.Events.Messaging;
using JustRunIt.Events.Naming;
using JustRunIt.Events.Quantities;
using JustRunIt.Events.Resources;

namespace JustRunIt.Events;

/// <summary>
/// JSON schemas of messages, made from the types and the options by which they are written: what is on the wire fits them.
/// </summary>
public static class Schemas
{
    private static readonly JsonSerializerOptions Options = new(Wire.Json) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    private static readonly JsonSchemaExporterOptions Exporter =
        new() { TransformSchemaNode = Transform, TreatNullObliviousAsNonNullable = true };

    /// <summary>The schema of a message.</summary>
    public static JsonNode Of(Type message) => Options.GetJsonSchemaAsNode(message, Exporter);

    private static JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema)
    {
        var nullable = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null
            || context.PropertyInfo is { IsGetNullable: true };
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (IsName(context) && schema is JsonObject text)
            text["pattern"] = Name.Pattern;
        // Of numbers only: a larger one is written as a string, where it is allowed at all.
        if ((type == typeof(long) || type == typeof(ulong)) && schema is JsonObject number)
            number["maximum"] = Wire.MostWhole;
        return Written(type) is { } own ? OrNull(own, nullable) : schema;
    }

    private static bool IsName(JsonSchemaExporterContext context) =>
        context.PropertyInfo?.AssociatedParameter?.AttributeProvider?.IsDefined(typeof(NamedAttribute), inherit: false) == true;

    /// <summary>What the types with converters of their own write; null for others.</summary>
    private static JsonObject? Written(Type type) => type switch
    {
        _ when type == typeof(CpuShare) || type == typeof(Watts) => new JsonObject { ["type"] = "number", ["minimum"] = 0 },
        _ when type == typeof(MemorySize) => new JsonObject { ["type"] = "integer", ["minimum"] = 0 },
        _ when type == typeof(Frequency) => new JsonObject { ["type"] = "integer", ["minimum"] = 1 },
        _ when type == typeof(Cell) => new JsonObject
        {
            ["type"] = "array",
            ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = 0 },
            ["minItems"] = 1,
        },
        _ when type == typeof(Allocation) => new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = new JsonObject { ["type"] = "number", ["minimum"] = 0 },
        },
        _ when type == typeof(Measurement) => new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = Options.GetJsonSchemaAsNode(typeof(MetricValue), Exporter),
        },
        _ => null,
    };

    private static JsonObject OrNull(JsonObject schema, bool nullable)
    {
        if (nullable)
            schema["type"] = new JsonArray(schema["type"]!.DeepClone(), "null");
        return schema;
    }
}
